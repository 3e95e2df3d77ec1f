import Billing
import Tenancy

extension DryRun {
    /// Keys and models listed at most, those with the highest refused cost first.
    private static let listed = 100

    /// The answer for one budget.
    func json(_ budget: Budget, days: Int64) -> JSONValue {
        .object(
            [
                JSONMember("budget_id", .string(budget.id.text)),
                JSONMember("days", .integer(days)),
                JSONMember("limit", .string(limit.decimal)),
                JSONMember("window", .string(budget.window.rawValue)),
                JSONMember("from", .string(from.rfc3339)),
                JSONMember("to", .string(to.rfc3339)),
            ] + total.members + [
                JSONMember("windows", .array(windows.map { $0.json(budget) })),
                JSONMember("by_key", Self.list(keys.map { ($0.key.text, $0.value) }, as: "key_id")),
                JSONMember("by_model", Self.list(models.map { ($0.key, $0.value) }, as: "model")),
            ])
    }

    private static func list(_ tallies: [(String, Tally)], as name: String) -> JSONValue {
        let sorted = tallies.sorted { left, right in
            (right.1.refusedCost, right.1.requests, left.0) < (left.1.refusedCost, left.1.requests, right.0)
        }
        return .array(
            sorted.prefix(listed).map { .object([JSONMember(name, .string($0.0))] + $0.1.members) })
    }
}

extension DryRun.Tally {
    fileprivate var members: [JSONMember] {
        [
            JSONMember("requests", .integer(requests)),
            JSONMember("refused", .integer(refused)),
            JSONMember("refused_cost", .string(refusedCost.decimal)),
            JSONMember("first_refused_at", .text(firstRefusedAt?.rfc3339)),
        ]
    }
}

extension DryRun.Window {
    fileprivate func json(_ budget: Budget) -> JSONValue {
        let isTotal = budget.window == .total
        return .object(
            [
                JSONMember("window_start", .text(isTotal ? nil : span.start.rfc3339)),
                JSONMember("resets_at", .text(isTotal ? nil : span.end.rfc3339)),
                JSONMember("spent", .string(spent.decimal)),
            ] + tally.members)
    }
}
