import GRDB
import Tenancy

/// Reads requests back from the ledger, the newest first.
///
/// Their names sort by time and every entry is unique by name, attempt and kind, so no index beside that one is needed.
/// A page looks at a bounded number of entries: a rare filter gives short pages that say where to go on.
enum RequestStore {
    /// Entries one page looks at.
    static let entriesLookedAt = 20_000

    /// One page and the place to go on from; nil when there is no more.
    static func page(
        _ query: RequestQuery, lookingAt most: Int = entriesLookedAt, _ db: Database
    ) throws -> (records: [RequestRecord], next: String?) {
        let below = query.after ?? query.end.map(first) ?? last
        let lowest = query.start.map { first($0.adding(milliseconds: -MeterCostStore.longestBodyMS)) } ?? ""
        let farthest = try String.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT request_id FROM ledger WHERE request_id < ? AND request_id >= ?
                    ORDER BY request_id DESC LIMIT 1 OFFSET ?
                    """),
            arguments: [below, lowest, most])
        var records: [RequestRecord] = []
        var current: [Row] = []
        let filter = RequestFilterStore(query, below: below, from: farthest ?? lowest)
        let rows = try Row.fetchCursor(db.cachedStatement(sql: filter.sql), arguments: filter.arguments)
        while let row = try rows.next() {
            let id: String = row["request_id"]
            if let last: String = current.last?["request_id"], last != id {
                if let record = try record(current, query) { records.append(record) }
                if records.count == query.limit { return (records, last) }
                current = []
            }
            current.append(row.copy())
        }
        if let record = try record(current, query) { records.append(record) }
        return (records, farthest)
    }

    /// Comes after every name of a request.
    private static let last = "~"

    /// A request is named before it is admitted.
    private static func first(_ instant: Timestamp) -> String {
        RequestID.lowest(at: instant.adding(milliseconds: 1)).text
    }

    /// One request; nil when the ledger has no entry of it.
    static func request(_ id: String, _ db: Database) throws -> RequestRecord? {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM ledger WHERE request_id = ? AND kind != 'correction' ORDER BY attempt DESC, kind DESC
                """,
            arguments: [id])
        return try record(rows, RequestQuery())
    }

    /// The request of these entries, the last attempt first; nil if the query does not want it.
    private static func record(_ rows: [Row], _ query: RequestQuery) throws -> RequestRecord? {
        guard let first = rows.first else { return nil }
        var attempts: [RequestRecord.Attempt] = []
        for row in rows.reversed() {
            if attempts.last?.number == row["attempt"] {
                try attempts[attempts.count - 1].add(row)
            } else {
                attempts.append(try RequestRecord.Attempt(row))
            }
        }
        guard query.suits(attempts.last) else { return nil }
        return RequestRecord(
            id: first["request_id"], tenantID: first["tenant_id"], keyID: first["key_id"], model: first["model"],
            admittedAt: Timestamp(microseconds: first["admitted_at"]), attempts: attempts)
    }
}

extension RequestRecord.Attempt {
    fileprivate init(_ row: Row) throws {
        self.init(
            number: row["attempt"], entries: [], pool: row["pool"], backendID: row["backend_id"],
            endedAt: Timestamp(microseconds: row["ended_at"]), outcome: row["outcome"], status: row["status"],
            provenance: row["provenance"], stream: row["stream"], emergency: row["emergency"], usage: .zero,
            cost: .zero, excess: .zero, listCost: .zero, upstreamCost: nil, priceVersion: row["price_version"],
            multiplierPPM: row["multiplier_ppm"])
        try add(row)
    }

    fileprivate mutating func add(_ row: Row) throws {
        let kind: String = row["kind"]
        let amount = Money(pico: Int128(row["cost"] as Int64))
        entries.append(kind)
        cost += amount
        if kind == LedgerEntry.Kind.excess.rawValue { excess += amount }
        listCost += Money(pico: Int128(row["list_cost"] as Int64))
        if let upstream: Int64 = row["upstream_cost"] {
            upstreamCost = (upstreamCost ?? .zero) + Money(pico: Int128(upstream))
        }
        usage.add(try LedgerStore.usage(row))
    }
}
