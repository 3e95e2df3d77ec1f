import Tenancy

/// A budget's window that may have to alert, as it was when it was looked at.
struct AlertCheck: Sendable {
    let budget: Budget
    let window: BudgetWindow
    /// The cap at that instant, or at the end of a window that is over.
    let limit: Money
    let posted: Money
    /// What speaks for an alert and is not known to have been raised.
    let alerts: [AlertRule.Alert]
}
