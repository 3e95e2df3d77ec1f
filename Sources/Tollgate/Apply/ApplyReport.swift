import Foundation

/// Tells what `apply` changes: results on the standard output, what went wrong in the failure.
struct ApplyReport {
    let format: OutputFormat
    let isDryRun: Bool

    /// A change that was made just now.
    func made(_ call: ApplyCall) {
        if format == .table { print(call.change.text) }
    }

    /// The summary; of a dry run also the changes.
    func finish(_ plan: ApplyPlan, _ outcome: ApplyOutcome) {
        switch format {
        case .table:
            if isDryRun { plan.calls.forEach { print($0.change.text) } }
            if outcome.failure == nil { print(Self.summary(plan, isDryRun: isDryRun)) }
        case .json:
            print(Self.json(plan, outcome, isDryRun: isDryRun).pretty)
        }
        if let note = Self.note(plan) { StandardError.write(note) }
    }

    /// What to tell of a run that stopped; nil if it did not.
    ///
    /// - Parameter place: where the file asks for the change that failed.
    static func failure(_ plan: ApplyPlan, _ outcome: ApplyOutcome, place: String?) -> CommandFailure? {
        guard let failure = outcome.failure, outcome.made < plan.calls.count else { return outcome.failure }
        var lines = ["\(place.map { "\($0): " } ?? "")\(plan.calls[outcome.made].change.title)", "failed: \(failure)"]
        let made = plan.calls.prefix(outcome.made).map(\.change.title)
        let left = plan.calls.dropFirst(outcome.made + 1).map(\.change.title)
        lines.append(made.isEmpty ? "nothing was changed" : "made before it:" + list(made))
        if !left.isEmpty { lines.append("not tried:" + list(left)) }
        lines.append("mend that and apply the file again: what is made already is left alone")
        return CommandFailure(failure.status, lines.joined(separator: "\n"))
    }

    private static func list(_ titles: [String]) -> String {
        titles.map { "\n  \($0)" }.joined()
    }

    /// What the plan could not judge; nil if it could judge everything.
    static func note(_ plan: ApplyPlan) -> String? {
        let count = plan.uncomparedKeys
        guard count > 0 else { return nil }
        return "api_key of \(count) \(count == 1 ? "backend" : "backends") is write-only and was not compared; "
            + "send it again with --rotate-backend-keys"
    }

    /// `= 4 unchanged`, then `2 changes: 1 to create, 1 to remove`.
    static func summary(_ plan: ApplyPlan, isDryRun: Bool) -> String {
        let unchanged = plan.unchanged > 0 ? "= \(plan.unchanged) unchanged\n" : ""
        let changes = plan.calls.count == 1 ? "1 change" : "\(plan.calls.count) changes"
        let words: [(ApplyChange.Action, String)] = [(.create, "created"), (.change, "changed"), (.remove, "removed")]
        let parts = words.compactMap { action, word in
            let count = plan.calls.count { $0.change.action == action }
            return count > 0 ? "\(count) \(word)" : nil
        }
        let detail = parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
        return unchanged + changes + detail + (isDryRun ? " (dry run: nothing was changed)" : "")
    }

    /// For scripts: what was made, or would be in a dry run; what failed, and what was not tried.
    static func json(_ plan: ApplyPlan, _ outcome: ApplyOutcome, isDryRun: Bool) -> JSONValue {
        let changes = plan.calls.map(\.change.json)
        var members: [String: JSONValue] = [
            "changes": .array(isDryRun ? changes : Array(changes.prefix(outcome.made))),
            "unchanged": .number(.init(plan.unchanged)), "dry_run": .bool(isDryRun),
        ]
        if let failure = outcome.failure {
            members["failed"] = changes[outcome.made].with("error", .string(failure.description))
            members["not_tried"] = .array(Array(changes.dropFirst(outcome.made + 1)))
        }
        return .object(members)
    }
}
