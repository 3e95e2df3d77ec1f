import Tenancy

/// What the writer is asked for: to store the end of an attempt, and after it the hold of the next one.
struct JournalJob: Sendable {
    /// How the attempt ended; nil when there is only a hold.
    var settlement: Settlement?
    /// The hold that takes its place; among `Turn.holds`, one that is stored and only has to be synced.
    var next: Hold?
    /// Told once: when it is on disk, or that it is not.
    var then: (@Sendable (LedgerError?) -> Void)?
}
