import Foundation
public import GRDB
public import Tenancy

/// Reads what the ledger has against a bill, and keeps the outcome.
public enum ReconciliationStore {
    /// The lines of a bill against the calls of the chosen backends on its days, read in one snapshot without keeping
    /// a thread waiting. A closed month's backends and models are those frozen with it; `routing` knows those of now.
    /// `backend` is the one asked for, else `backends` chooses. Throws `BillingError.notFound` for a backend that
    /// neither now nor any of the months has.
    public static func lines(
        _ file: DatabaseFile,
        _ billed: [BilledAmount],
        backend: String? = nil,
        routing: @escaping @Sendable (Database) throws -> RoutingFacts,
        backends: @escaping @Sendable (RoutingFacts) -> Set<String>
    ) async throws -> [ReconciliationLine] {
        try await file.pool.read { db in
            try lines(db, billed, backend: backend, try routing(db), backends: backends)
        }
    }

    static func lines(
        _ db: Database,
        _ billed: [BilledAmount],
        backend: String?,
        _ routing: RoutingFacts,
        backends: (RoutingFacts) -> Set<String>
    ) throws -> [ReconciliationLine] {
        var isKnown = backend == nil || backend.flatMap { routing.backends[$0] } != nil
        let days = Set(billed.map(\.day)).compactMap { CalendarZone.utc.start(ofDate: $0) }
        guard let first = days.min(), let last = days.max() else { return [] }
        let end = last.adding(milliseconds: 86_400_000)
        var captured: [CapturedUse] = []
        // Only months that the bill has days of: what lies between them is on another bill.
        for month in Set(days.map { BillingPeriod(containing: $0) }).sorted() {
            let isClosed = try PeriodStore.period(db, month).status == .closed
            var known = try isClosed ? PeriodFactsStore.routing(db, month) : routing
            known.upstreamNames = routing.upstreamNames
            if let backend, known.backends[backend] != nil { isKnown = true }
            let chosen: Set<String> = backend.map { [$0] } ?? backends(known)
            captured += try Self.captured(
                db, month, from: max(first, month.start), until: min(end, month.end), chosen, known)
        }
        guard isKnown else { throw BillingError.notFound }
        return ReconciliationRule.lines(billed, captured)
    }

    /// The id of a backend that is named by its id or its name, now or in a closed month (the latest of them counts).
    /// Finance cannot list backends; names are on exports. What nobody has stays as it is.
    public static func backendID(_ db: Database, _ wanted: String, _ routing: RoutingFacts) throws -> String {
        if routing.backends[wanted] != nil { return wanted }
        // One that was removed may have had the name before; ids sort by time.
        if let named = routing.backends.values.filter({ $0.name == wanted }).map(\.id).max() { return named }
        return try String.fetchOne(
            db,
            sql: """
                SELECT id FROM period_facts WHERE kind = 'backend' AND (id = :wanted OR body ->> '$.name' = :wanted)
                ORDER BY id != :wanted, period DESC LIMIT 1
                """,
            arguments: ["wanted": wanted]) ?? wanted
    }

    private static func captured(
        _ db: Database,
        _ month: BillingPeriod,
        from start: Timestamp,
        until end: Timestamp,
        _ backends: Set<String>,
        _ routing: RoutingFacts
    ) throws -> [CapturedUse] {
        let list = String(decoding: try JSONEncoder().encode(backends.sorted()), as: UTF8.self)
        // Nearly always none: no model was called otherwise within the span.
        let changes = Set(routing.upstreamNames.map(\.since)).filter { start < $0 && $0 < end }.sorted()
        let instants = String(decoding: try JSONEncoder().encode(changes.map(\.microseconds)), as: UTF8.self)
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT date(admitted_at / 1000000, 'unixepoch') AS day, model, pool,
                    COALESCE(SUM(upstream_cost / 1000000), 0) AS micro,
                    COALESCE(SUM(upstream_cost % 1000000), 0) AS pico,
                    SUM(kind IN ('settle', 'resolve')) AS calls,
                    SUM(kind IN ('settle', 'resolve') AND upstream_cost IS NULL) AS unpriced,
                    SUM(outcome = 'unanswered') AS unanswered,
                    SUM(kind = 'settle' AND provenance IN ('estimated', 'partial')) AS estimated,
                    SUM(input_cache_read + input_cache_write_5m + input_cache_write_1h) AS cache,
                    \(changes.isEmpty ? "0" : "(SELECT COUNT(*) FROM json_each(:changes) WHERE value <= admitted_at)")
                    AS changed
                FROM ledger
                WHERE period = :period AND admitted_at >= :start AND admitted_at < :end
                    AND backend_id IN (SELECT value FROM json_each(:backends)) AND kind != 'correction'
                    AND :changes IS NOT NULL
                GROUP BY 1, 2, 3, changed
                """,
            arguments: [
                "period": month.text, "start": start.microseconds, "end": end.microseconds, "backends": list,
                "changes": instants,
            ])
        return rows.map { row in
            let (name, pool): (String, String) = (row["model"], row["pool"])
            let changed: Int = row["changed"]
            let since = changed > 0 && changes.indices.contains(changed - 1) ? changes[changed - 1] : start
            return CapturedUse(
                day: row["day"], model: routing.upstreamName(of: name, pool: pool, at: since),
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
        let text: String = row["lines"]
        guard let lines = try? JSONDecoder().decode([ReconciliationLine].self, from: Data(text.utf8)) else {
            throw BillingError.damaged("reconciliations, \(row["id"] as String)")
        }
        return Reconciliation(
            id: ID(row["id"]), provider: row["provider"], backendID: row["backend_id"], sha256: row["sha256"],
            createdAt: Timestamp(microseconds: row["created_at"]), createdBy: row["created_by"],
            lines: lines)
    }
}
