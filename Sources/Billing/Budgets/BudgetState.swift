public import Tenancy

/// A budget's figures at one instant.
public struct BudgetState: Sendable, Equatable {
    /// The budget as set.
    public let budget: Budget
    /// The cap at that instant: the budget's own, or that of a raise.
    public let limit: Money
    /// The raises that run, where the state was asked for; refusals do without.
    public let raises: [BudgetRaise]
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

    /// A state with the given figures; without a limit the budget's own.
    public init(
        budget: Budget,
        limit: Money? = nil,
        raises: [BudgetRaise] = [],
        posted: Money,
        held: Money,
        remaining: Money,
        windowStart: Timestamp?,
        resetsAt: Timestamp?,
        wouldRefuse: Int64 = 0
    ) {
        self.budget = budget
        self.limit = limit ?? budget.limit
        self.raises = raises
        self.posted = posted
        self.held = held
        self.remaining = remaining
        self.windowStart = windowStart
        self.resetsAt = resetsAt
        self.wouldRefuse = wouldRefuse
    }
}
