/// A request's place in the queue for money.
///
/// Unchecked because `queue` and `isOver` change, but only while the lock of `Books` is taken.
public final class Waiting: @unchecked Sendable {
    let claim: Ledger.Claim
    /// Order of arrival over all queues.
    let ticket: UInt64
    let wake: @Sendable (Ledger.Decision) -> Void
    var queue: BudgetAccount?
    var isOver = false

    init(claim: Ledger.Claim, ticket: UInt64, wake: @escaping @Sendable (Ledger.Decision) -> Void) {
        self.claim = claim
        self.ticket = ticket
        self.wake = wake
    }
}
