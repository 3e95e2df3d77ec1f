public import Tenancy

/// Who would have been refused, and when, if a budget had had another limit.
public struct DryRun: Sendable, Equatable {
    /// Requests that cost something or were answered, and those among them that would not have fitted.
    public struct Tally: Sendable, Equatable {
        /// Requests judged.
        public var requests: Int64 = 0
        /// Those that would have been refused.
        public var refused: Int64 = 0
        /// What those cost.
        public var refusedCost = Money.zero
        /// When the first of them was admitted.
        public var firstRefusedAt: Timestamp?

        mutating func count(_ cost: Money, refusedAt instant: Timestamp?) {
            requests += 1
            guard let instant else { return }
            refused += 1
            refusedCost += cost
            if firstRefusedAt == nil { firstRefusedAt = instant }
        }
    }

    /// One window of the budget.
    public struct Window: Sendable, Equatable {
        /// Its span.
        public let span: BudgetWindow
        /// What would have been spent in it, from before the days that are judged too.
        public var spent: Money
        /// The requests in it.
        public var tally = Tally()
    }

    /// The first instant that is judged.
    public let from: Timestamp
    /// The instant of the question.
    public let to: Timestamp
    /// The limit that was tried.
    public let limit: Money
    /// All requests.
    public internal(set) var total = Tally()
    /// The windows that saw requests, oldest first.
    public internal(set) var windows: [Window] = []
    /// By key.
    public internal(set) var keys: [ID<APIKey>: Tally] = [:]
    /// By model.
    public internal(set) var models: [String: Tally] = [:]
}
