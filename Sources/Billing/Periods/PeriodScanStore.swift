import GRDB
import Tenancy

/// Reads all entries of a month in order and chains their canonical rows.
enum PeriodScanStore {
    /// The columns of a canonical row, in this order for ever: a later column would be a new version of the chain.
    private static let columns = [
        "seq", "node_id", "node_seq", "request_id", "attempt", "kind", "tenant_id", "key_id", "model", "pool",
        "backend_id", "admitted_at", "ended_at", "period", "price_version", "multiplier_ppm", "list_cost", "cost",
        "upstream_cost", "input", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "output",
        "output_reasoning", "other_meters", "provenance", "outcome", "status", "stream", "corrects_period",
        "emergency",
    ]

    /// Each column as `CanonicalHash` writes a field; the database does it several times faster than a loop here.
    private static let canonical =
        columns.map { column in
            "coalesce(length(CAST(\(column) AS BLOB)) || ':' || \(column), '-')"
        }.joined(separator: " || char(10) || ") + " || char(10)"

    /// The month's entries as the snapshot has them, chained behind an earlier month's.
    static func scan(_ db: Database, _ month: BillingPeriod, after previousHead: String?) throws -> PeriodScan {
        var hash = CanonicalHash("tollgate ledger 1", after: previousHead)
        var (entries, lastSequence, cost) = (Int64(0), Int64(0), Money.zero)
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, cost, \(canonical) FROM ledger WHERE period = ? ORDER BY seq",
            arguments: [month.text])
        while let row = try rows.next() {
            entries += 1
            lastSequence = row[0]
            cost += Money(pico: Int128(row[1] as Int64))
            hash.add(canonical: (row[2] as String).utf8)
        }
        return PeriodScan(
            names: try PeriodFactsStore.names(db, month), entries: entries, lastSequence: lastSequence, cost: cost,
            previousHead: previousHead, chainHead: hash.hex)
    }
}
