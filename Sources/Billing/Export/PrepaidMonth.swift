/// One month of one tenant, as far as money paid ahead goes.
struct PrepaidMonth {
    /// Paid ahead in the month.
    var paid = Money.zero
    /// Spent in it; what it gave back is below zero.
    var spent = Money.zero
    /// What was drawn in it, once it is closed.
    var frozen: Money?
}
