import Tenancy

/// What a transaction did to a budget, to be taken over into memory once it is committed.
public struct BudgetOpening: Sendable {
    /// A budget that counts from scratch: new, or with another scope, window or zone.
    struct Fresh: Sendable {
        let zone: CalendarZone
        let window: BudgetWindow
        let posted: Money
    }

    /// The budget as stored.
    public let budget: Budget
    /// nil: only limit, mode or alerts changed.
    let fresh: Fresh?
}
