public import Tenancy

/// A budget's figures at one instant.
public struct BudgetState: Sendable, Equatable {
    /// The budget as set.
    public let budget: Budget
    /// Spent in the window.
    public let posted: Money
    /// Held by live and uncertain holds.
    public let held: Money
    /// Limit less posted and held; negative when the budget went over.
    public let remaining: Money
    /// When the window began; nil for a total.
    public let windowStart: Timestamp?
    /// When the window ends; nil for a total.
    public let resetsAt: Timestamp?
    /// How many requests a shadow budget would have refused in the window, since the process started.
    public let wouldRefuse: Int64

    /// A state with the given figures.
    public init(
        budget: Budget,
        posted: Money,
        held: Money,
        remaining: Money,
        windowStart: Timestamp?,
        resetsAt: Timestamp?,
        wouldRefuse: Int64 = 0
    ) {
        self.budget = budget
        self.posted = posted
        self.held = held
        self.remaining = remaining
        self.windowStart = windowStart
        self.resetsAt = resetsAt
        self.wouldRefuse = wouldRefuse
    }
}
