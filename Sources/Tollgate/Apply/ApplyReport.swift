import Foundation

/// Tells on the standard output what `apply` changes.
struct ApplyReport {
    let format: OutputFormat
    let isDryRun: Bool

    /// A change that was made just now.
    func change(_ call: ApplyCall) {
        if format == .table { print(call.line) }
    }

    /// The summary; of a dry run also the changes.
    func finish(_ plan: ApplyPlan) {
        switch format {
        case .table:
            if isDryRun { plan.calls.forEach { print($0.line) } }
            print(Self.summary(plan, isDryRun: isDryRun))
        case .json:
            let json: JSONValue = .object([
                "changes": .array(plan.calls.map { .string($0.line) }),
                "unchanged": .number(.init(plan.unchanged)), "dry_run": .bool(isDryRun),
            ])
            print(json.pretty)
        }
        if let note = Self.note(plan) { StandardError.write(note) }
    }

    /// What the plan could not judge; nil if it could judge everything.
    static func note(_ plan: ApplyPlan) -> String? {
        let count = plan.uncomparedKeys
        guard count > 0 else { return nil }
        return "api_key of \(count) \(count == 1 ? "backend" : "backends") is write-only and was not compared; "
            + "send it again with --rotate-backend-keys"
    }

    /// `= 4 unchanged`, then `1 change`.
    static func summary(_ plan: ApplyPlan, isDryRun: Bool) -> String {
        let unchanged = plan.unchanged > 0 ? "= \(plan.unchanged) unchanged\n" : ""
        let changes = plan.calls.count == 1 ? "1 change" : "\(plan.calls.count) changes"
        return unchanged + changes + (isDryRun ? " (dry run: nothing was changed)" : "")
    }
}
