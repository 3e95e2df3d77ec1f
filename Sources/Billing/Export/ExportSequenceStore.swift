public import GRDB

/// Where a download of a month that still takes entries ends.
public enum ExportSequenceStore {
    /// The sequence of the ledger's newest entry; 0 if it has none.
    public static func last(_ db: Database) throws -> Int64 { try LedgerStore.lastSequence(db) }
}
