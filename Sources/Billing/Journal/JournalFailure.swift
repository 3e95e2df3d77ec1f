/// What a failed transaction means for the ledger.
enum JournalFailure: Error, Sendable, Equatable {
    /// It may succeed later: the disk is full or busy, or an I/O error.
    case unavailable(String)
    /// Nothing on disk can be trusted any more: a failed fsync or a corrupt file.
    case fatal(String)
    /// One of the rows was not acceptable.
    case rejected(String)

    /// Whether nothing else of the same transaction can be committed either.
    var spoilsTransaction: Bool {
        if case .rejected = self { false } else { true }
    }

    /// What the callers are told.
    var ledgerError: LedgerError {
        switch self {
        case .unavailable(let text), .fatal(let text): .unavailable(text)
        case .rejected(let text): .rejected(text)
        }
    }
}
