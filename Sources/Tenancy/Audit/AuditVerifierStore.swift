public import GRDB

/// Recomputes the chain of the audit log and compares; changes nothing.
public enum AuditVerifierStore {
    /// The first place where the log is not what was written, in words; empty if there is none.
    public static func run(_ database: Database) throws -> [String] {
        var previous = AuditChain.start
        var sequence: Int64 = 0
        let rows = try Row.fetchCursor(database, sql: TenancyStore.auditSQL(where: "TRUE") + " ORDER BY seq")
        while let row = try rows.next() {
            sequence += 1
            let record = TenancyStore.auditRecord(from: row)
            guard record.sequence == sequence else {
                return ["audit log: entry \(sequence) is missing, \(record.sequence) is the next"]
            }
            let hash = AuditChain.hash(record.entry, sequence: sequence, after: previous)
            guard record.hash == hash else {
                return ["audit log: entry \(sequence) (\(record.entry.id)) or one before it was changed"]
            }
            previous = hash
        }
        return []
    }
}
