/// Why the ledger could not do as it was told.
public enum LedgerError: Error, Sendable, Equatable {
    /// Nothing can be written now: the disk is full, an I/O error, or the process is stopping.
    case unavailable(String)
    /// The reservation was given back or settled before.
    case notLive
    /// The entry could not be stored though others can; its hold keeps counting.
    case rejected(String)
}
