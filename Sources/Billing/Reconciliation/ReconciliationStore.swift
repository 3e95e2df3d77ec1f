import Foundation
public import GRDB
public import Tenancy

/// Reads what the ledger has against a bill, and keeps the outcome.
public enum ReconciliationStore {
    /// The lines of a bill against the calls of the chosen backends on its days, read in one snapshot without keeping a
    /// thread waiting; `routing` knows what backends call models.
    public static func lines(
        _ file: DatabaseFile,
        _ billed: [BilledAmount],
        routing: @escaping @Sendable (Database) throws -> RoutingFacts,
        backends: @escaping @Sendable (RoutingFacts) throws -> Set<String>
    ) async throws -> [ReconciliationLine] {
        try await file.pool.read { db in
            let facts = try routing(db)
            return try lines(db, billed, backends: try backends(facts), facts)
        }
    }

    static func lines(
        _ db: Database,
        _ billed: [BilledAmount],
        backends: Set<String>,
        _ routing: RoutingFacts
    ) throws -> [ReconciliationLine] {
        guard let first = billed.map(\.day).min().flatMap(start), let last = billed.map(\.day).max().flatMap(start)
        else {
            return []
        }
        let end = last.adding(milliseconds: 86_400_000)
        return ReconciliationRule.lines(billed, try captured(db, from: first, until: end, backends, routing))
    }

    private static func start(_ day: String) -> Timestamp? { CalendarZone.utc.start(ofDate: day) }

    private static func captured(
        _ db: Database,
        from start: Timestamp,
        until end: Timestamp,
        _ backends: Set<String>,
        _ routing: RoutingFacts
    ) throws -> [CapturedUse] {
        var months: [String] = []
        var month = BillingPeriod(containing: start)
        while month.start < end {
            months.append(month.text)
            month = month.next
        }
        let lists = try [months, backends.sorted()].map {
            String(decoding: try JSONEncoder().encode($0), as: UTF8.self)
        }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT date(admitted_at / 1000000, 'unixepoch') AS day, model, pool,
                    COALESCE(SUM(upstream_cost / 1000000), 0) AS micro,
                    COALESCE(SUM(upstream_cost % 1000000), 0) AS pico,
                    SUM(kind IN ('settle', 'resolve')) AS calls,
                    SUM(kind = 'settle' AND upstream_cost IS NULL) AS unpriced,
                    SUM(outcome = 'unanswered') AS unanswered,
                    SUM(kind = 'settle' AND provenance IN ('estimated', 'partial')) AS estimated,
                    SUM(input_cache_read + input_cache_write_5m + input_cache_write_1h) AS cache
                FROM ledger
                WHERE period IN (SELECT value FROM json_each(?)) AND admitted_at >= ? AND admitted_at < ?
                    AND backend_id IN (SELECT value FROM json_each(?)) AND kind != 'correction'
                GROUP BY 1, 2, 3
                """,
            arguments: [lists[0], start.microseconds, end.microseconds, lists[1]])
        return rows.map { row in
            let (name, pool): (String, String) = (row["model"], row["pool"])
            return CapturedUse(
                day: row["day"], model: routing.models[name]?.upstreamModels[pool] ?? name,
                cost: Money(micro: row["micro"], remainder: row["pico"]), calls: row["calls"],
                unpriced: row["unpriced"], unanswered: row["unanswered"], estimated: row["estimated"],
                cacheTokens: row["cache"])
        }
    }

    // MARK: Kept

    /// Keeps a reconciliation.
    public static func insert(_ made: Reconciliation, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO reconciliations (id, provider, backend_id, sha256, created_at, created_by, lines)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                made.id.text, made.provider, made.backendID, made.sha256, made.createdAt.microseconds, made.createdBy,
                String(decoding: try JSONEncoder().encode(made.lines), as: UTF8.self),
            ])
    }

    /// One reconciliation; nil if there is none of that id.
    public static func reconciliation(_ db: Database, _ id: String) throws -> Reconciliation? {
        try Row.fetchOne(db, sql: "SELECT * FROM reconciliations WHERE id = ?", arguments: [id]).map(reconciliation)
    }

    /// A page of reconciliations, oldest first.
    public static func reconciliations(_ db: Database, after: String?, limit: Int) throws -> [Reconciliation] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM reconciliations WHERE id > ? ORDER BY id LIMIT ?", arguments: [after ?? "", limit]
        ).map(reconciliation)
    }

    private static func reconciliation(_ row: Row) throws -> Reconciliation {
        let lines: String = row["lines"]
        return Reconciliation(
            id: ID(row["id"]), provider: row["provider"], backendID: row["backend_id"], sha256: row["sha256"],
            createdAt: Timestamp(microseconds: row["created_at"]), createdBy: row["created_by"],
            lines: try JSONDecoder().decode([ReconciliationLine].self, from: Data(lines.utf8)))
    }
}
