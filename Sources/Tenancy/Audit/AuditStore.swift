import Foundation
public import GRDB

/// The audit log and the settings of this database.
extension TenancyStore {
    private static let auditColumns = "seq, id, at, actor, action, subject, before, after, request_id, hash"

    static func auditSQL(where condition: String) -> String {
        "SELECT \(auditColumns) FROM audit_log WHERE \(condition)"
    }

    /// Appends an entry and chains it to the one before; call it in the transaction of the change.
    public static func audit(_ database: Database, _ entry: AuditEntry) throws {
        // Behind a sequence that only damage can have made nothing could be appended; `verify` finds it.
        let last = try fetch(
            database, "SELECT seq, hash FROM audit_log WHERE seq < 1 << 62 ORDER BY seq DESC LIMIT 1", []
        ) { row in
            (sequence: row[0] as Int64, hash: [UInt8](row[1] as Data))
        }.first
        let sequence = (last?.sequence ?? 0) + 1
        let hash = AuditChain.hash(entry, sequence: sequence, after: last?.hash ?? AuditChain.start)
        try change(
            database,
            """
            INSERT INTO audit_log (\(auditColumns))
            VALUES (:seq, :id, :at, :actor, :action, :subject, :before, :after, :request, :hash)
            """,
            [
                "seq": sequence, "id": entry.id.text, "at": entry.at.microseconds, "actor": entry.actor,
                "action": entry.action, "subject": entry.subject, "before": entry.before, "after": entry.after,
                "request": entry.requestID, "hash": Data(hash),
            ])
    }

    /// A page of the entries that pass the filter, starting behind the one of the given sequence.
    public static func auditRecords(
        _ database: Database,
        _ filter: AuditFilter,
        newestFirst: Bool,
        after sequence: Int64?,
        limit: Int
    ) throws -> [AuditRecord] {
        var conditions: [(String, (any DatabaseValueConvertible)?)] = [
            ("actor = ?", filter.actor), ("action = ?", filter.action), ("subject = ?", filter.subject),
            ("request_id = ?", filter.requestID), ("at >= ?", filter.start?.microseconds),
            ("at < ?", filter.end?.microseconds), (newestFirst ? "seq < ?" : "seq > ?", sequence),
        ]
        conditions += try lists(of: filter)
        let given = conditions.filter { $0.1 != nil }
        let condition = given.isEmpty ? "TRUE" : given.map(\.0).joined(separator: " AND ")
        let sql = auditSQL(where: condition) + " ORDER BY seq \(newestFirst ? "DESC" : "ASC") LIMIT ?"
        let arguments = StatementArguments(given.map(\.1)) + [max(0, limit)]
        return try fetch(database, sql, arguments, auditRecord(from:))
    }

    /// Where the entry of an id stands in the log; nil if there is none.
    public static func auditSequence(_ database: Database, of id: String) throws -> Int64? {
        try fetch(database, "SELECT seq FROM audit_log WHERE id = ?", [id]) { $0[0] as Int64 }.first
    }

    /// The conditions that name several values, each bound as one JSON array.
    private static func lists(of filter: AuditFilter) throws -> [(String, (any DatabaseValueConvertible)?)] {
        let isOne = "IN (SELECT value FROM json_each(?))"
        let tenant = "ifnull(after ->> 'tenant_id', before ->> 'tenant_id')"
        var conditions: [(String, (any DatabaseValueConvertible)?)] = [
            ("actor \(isOne)", try filter.actors.map(json)), ("subject \(isOne)", try filter.subjects.map(json)),
            ("ifnull(\(tenant), subject) \(isOne)", try filter.tenants.map(json)),
        ]
        if let besides = filter.besides {
            // What is neither among the one nor among the other is left out.
            let others = Set(besides).subtracting(filter.actions ?? []).sorted()
            conditions.append(("action NOT \(isOne)", try json(others)))
        } else {
            conditions.append(("action \(isOne)", try filter.actions.map(json)))
        }
        return conditions
    }

    /// Chains entries that were written before there was a chain.
    static func chainAudit(_ database: Database) throws {
        var previous = AuditChain.start
        for record in try fetch(database, auditSQL(where: "TRUE") + " ORDER BY seq", [], auditRecord(from:)) {
            previous = AuditChain.hash(record.entry, sequence: record.sequence, after: previous)
            try change(
                database, "UPDATE audit_log SET hash = :hash WHERE seq = :seq",
                ["hash": Data(previous), "seq": record.sequence])
        }
    }

    static func auditRecord(from row: Row) -> AuditRecord {
        let entry = AuditEntry(
            id: ID(row[1]), at: Timestamp(microseconds: row[2]), actor: row[3], action: row[4], subject: row[5],
            before: row[6], after: row[7], requestID: row[8])
        return AuditRecord(sequence: row[0], entry: entry, hash: [UInt8](row[9] as Data))
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
