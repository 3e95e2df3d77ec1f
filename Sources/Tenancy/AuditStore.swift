import Foundation
public import GRDB

/// The audit log and the settings of this database.
extension TenancyStore {
    /// Appends an entry; call it in the transaction of the change.
    public static func audit(_ database: Database, _ entry: AuditEntry) throws {
        try change(
            database,
            """
            INSERT INTO audit_log (id, at, actor, action, subject, before, after, request_id)
            VALUES (:id, :at, :actor, :action, :subject, :before, :after, :request)
            """,
            [
                "id": entry.id.text, "at": entry.at.microseconds, "actor": entry.actor, "action": entry.action,
                "subject": entry.subject, "before": entry.before, "after": entry.after, "request": entry.requestID,
            ])
    }

    /// A page of entries, the oldest first, starting after the entry of the given id.
    public static func auditEntries(
        _ database: Database,
        after: String? = nil,
        limit: Int
    ) throws -> [AuditEntry] {
        let sql = """
            SELECT id, at, actor, action, subject, before, after, request_id FROM audit_log
            WHERE seq > ifnull((SELECT seq FROM audit_log WHERE id = ?), 0) ORDER BY seq LIMIT ?
            """
        return try fetch(database, sql, [after, max(0, limit)]) { row in
            AuditEntry(
                id: ID(row[0]), at: Timestamp(microseconds: row[1]), actor: row[2], action: row[3], subject: row[4],
                before: row[5], after: row[6], requestID: row[7])
        }
    }

    /// A value kept with the database, e.g. the master key's check value.
    public static func setting(_ database: Database, _ name: String) throws -> [UInt8]? {
        try fetch(database, "SELECT value FROM settings WHERE name = ?", [name]) { [UInt8]($0[0] as Data) }.first
    }

    /// Keeps a value with the database.
    public static func putSetting(_ database: Database, _ name: String, _ value: [UInt8]) throws {
        try change(
            database,
            "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
            ["name": name, "value": Data(value)])
    }
}
