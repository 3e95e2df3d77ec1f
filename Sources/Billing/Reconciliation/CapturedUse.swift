/// What the ledger says of one UTC day, one model and one pool.
struct CapturedUse: Sendable, Equatable {
    let day: String
    /// What the provider calls the model.
    let model: String
    /// By upstream prices.
    var cost = Money.zero
    /// Calls that were settled: answered, broken off, or charged without an answer.
    var calls: Int64 = 0
    /// Of them, those without an upstream price.
    var unpriced: Int64 = 0
    /// Calls that were sent and never answered, charged or not.
    var unanswered: Int64 = 0
    /// Calls whose usage is not wholly the provider's own.
    var estimated: Int64 = 0
    /// Tokens read from or written to caches.
    var cacheTokens: Int64 = 0

    mutating func add(_ other: CapturedUse) {
        cost += other.cost
        calls &+= other.calls
        unpriced &+= other.unpriced
        unanswered &+= other.unanswered
        estimated &+= other.estimated
        cacheTokens &+= other.cacheTokens
    }
}
