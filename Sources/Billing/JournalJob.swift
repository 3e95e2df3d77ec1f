import Tenancy

/// The end of an attempt, the hold of the next one, or both in one transaction.
struct JournalJob: Sendable {
    /// How the attempt ended; nil when only a hold remains to be written.
    var settlement: Settlement?
    /// The hold that takes its place.
    var next: Hold?
    /// Told once: when it is on disk, or that it is not.
    var then: (@Sendable (LedgerError?) -> Void)?
}
