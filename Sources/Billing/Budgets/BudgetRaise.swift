public import Tenancy

/// A higher limit of a budget until an instant; after it the budget's own limit counts again by itself.
public struct BudgetRaise: Sendable, Equatable {
    /// Raises of one budget that may run at once.
    public static let runningAtMost = 16
    /// How long one that ran out is remembered: longer than any call goes on that was admitted while it ran.
    static let rememberedMS: Int64 = 86_400_000

    /// `rse_…`
    public let id: ID<BudgetRaise>
    /// The budget it raises.
    public let budgetID: ID<Budget>
    /// The cap of each window while it runs; where several run, the highest counts.
    public let limit: Money
    /// When it began.
    public let createdAt: Timestamp
    /// The first instant at which it no longer counts.
    public let until: Timestamp
    /// When an operator ended it before its time.
    public var endedAt: Timestamp?

    /// A raise that runs from now on.
    public init(
        id: ID<BudgetRaise>,
        budgetID: ID<Budget>,
        limit: Money,
        createdAt: Timestamp,
        until: Timestamp,
        endedAt: Timestamp? = nil
    ) {
        self.id = id
        self.budgetID = budgetID
        self.limit = limit
        self.createdAt = createdAt
        self.until = until
        self.endedAt = endedAt
    }

    /// Whether it counts for what is admitted at the instant.
    public func isRunning(at instant: Timestamp) -> Bool { endedAt == nil && instant < until }
}
