import Tenancy

/// A budget's account of one window. Touched only while the lock of `Books` is taken.
final class WindowAccount {
    /// nil once the budget is gone or counts otherwise.
    var owner: BudgetAccount?
    let window: BudgetWindow
    var account: Account
    /// The limit at the window's end, kept when the budget or its raises change later.
    var lastLimit: Money?
    /// Requests a shadow budget would have refused.
    var wouldRefuse: Int64 = 0
    /// Spend from which on somebody looks whether it has to alert; zero: with the next call that ends.
    var alertAt = Money.zero
    /// An `alertAt` that no spend comes to.
    static let never = Money(pico: .max)
    /// Alerts that are known to have been raised.
    var alerted: Set<String> = []
    /// The part of `wouldRefuse` that is not stored yet.
    var unsavedWouldRefuse: Int64 = 0

    init(owner: BudgetAccount?, window: BudgetWindow, account: Account) {
        self.owner = owner
        self.window = window
        self.account = account
    }
}
