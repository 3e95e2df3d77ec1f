import Billing
import Tenancy

extension BudgetRaise {
    /// The raise as the API shows it at an instant.
    func json(at now: Timestamp) -> JSONValue {
        [
            "id": .string(id.text),
            "budget_id": .string(budgetID.text),
            "limit": .string(limit.decimal),
            "created_at": .string(createdAt.rfc3339),
            "until": .string(until.rfc3339),
            "ended_at": .text(endedAt?.rfc3339),
            "running": .bool(isRunning(at: now)),
        ]
    }

    /// Reads a new raise; a limit that is no raise is found out where the budget is known.
    init(_ body: JSONObject, of budget: ID<Budget>, at now: Timestamp) {
        let until = body.required("until", .instant, else: now.adding(milliseconds: 1))
        if until <= now || until > now.adding(milliseconds: Self.longestMS) {
            body.fail("until", "must be in the future, at most 366 days from now")
        }
        self.init(
            id: ID.make(prefix: "rse", at: now), budgetID: budget, limit: body.required("limit", .money, else: .zero),
            createdAt: now, until: until
        )
    }

    /// What runs longer is no exception any more but the budget itself.
    private static let longestMS: Int64 = 366 * 86_400_000
}
