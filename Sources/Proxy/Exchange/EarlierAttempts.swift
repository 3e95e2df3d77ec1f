import Billing

/// What the attempts before the last one used and cost, each of which has its own entry.
struct EarlierAttempts {
    private(set) var usage = TokenUsage.zero
    private(set) var cost = Money.zero

    mutating func add(_ settlement: Settlement) {
        usage.add(settlement.usage)
        cost += settlement.cost
    }
}
