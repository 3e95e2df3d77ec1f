import Billing

/// What the ended attempts of one request used and cost together; each has an entry of its own.
struct AttemptTotals {
    private(set) var usage = TokenUsage.zero
    private(set) var cost = Money.zero

    mutating func add(_ settlement: Settlement) {
        usage.add(settlement.usage)
        cost += settlement.cost
    }
}
