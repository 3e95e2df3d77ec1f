import Tenancy

/// What the writer is asked for: to store the end of an attempt, and after it the hold of the next one.
///
/// An object, because it goes through several lists, and a settlement is large.
final class JournalJob: Sendable {
    /// How the attempt ended; nil when there is only a hold.
    let settlement: Settlement?
    /// The hold that takes its place; among `Turn.holds`, one that is stored and only has to be synced.
    let next: Hold?
    /// Told once: when it is on disk, or that it is not.
    let then: (@Sendable (LedgerError?) -> Void)?

    init(settlement: Settlement? = nil, next: Hold? = nil, then: (@Sendable (LedgerError?) -> Void)? = nil) {
        self.settlement = settlement
        self.next = next
        self.then = then
    }
}
