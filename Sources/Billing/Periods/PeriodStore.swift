public import GRDB
public import Tenancy

/// The rows of months.
public enum PeriodStore {
    /// A month of any other status than `closing`, and one that was closed, must not count as open.
    private static let isClosed = "(status != 'closing' OR number IS NOT NULL)"

    /// Every month with entries or a request to close it, and the one of `now`; the latest first.
    public static func periods(_ db: Database, at now: Timestamp) throws -> [Period] {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM periods").map(period)
        var known = Dictionary(rows.map { ($0.month, $0) }, uniquingKeysWith: { first, _ in first })
        // One look into the index a month, however many entries there are.
        let names = try String.fetchAll(
            db,
            sql: """
                WITH RECURSIVE months(period) AS (
                    SELECT MIN(period) FROM ledger
                    UNION ALL
                    SELECT (SELECT MIN(period) FROM ledger WHERE period > months.period) FROM months
                    WHERE months.period IS NOT NULL
                )
                SELECT period FROM months WHERE period IS NOT NULL
                """)
        for month in names.compactMap({ BillingPeriod($0) }) + [BillingPeriod(containing: now)]
        where known[month] == nil {
            known[month] = Period(month)
        }
        return known.values.sorted { $0.month > $1.month }
    }

    /// One month, which needs no row to be open.
    public static func period(_ db: Database, _ month: BillingPeriod) throws -> Period {
        try Row.fetchOne(db, sql: "SELECT * FROM periods WHERE period = ?", arguments: [month.text]).map(period)
            ?? Period(month)
    }

    /// The months that are on their way to be closed, the earliest first.
    static func closing(_ db: Database) throws -> [Period] {
        try Row.fetchAll(db, sql: "SELECT * FROM periods WHERE status = 'closing' ORDER BY period").map(period)
    }

    /// The closed months in the order they were closed in.
    public static func closed(_ db: Database) throws -> [Period] {
        try Row.fetchAll(db, sql: "SELECT * FROM periods WHERE \(isClosed) ORDER BY number").map(period)
    }

    /// The month that was closed last; nil if none was.
    static func newestClosed(_ db: Database) throws -> Period? {
        try Row.fetchOne(db, sql: "SELECT * FROM periods WHERE \(isClosed) ORDER BY number DESC LIMIT 1")
            .map(period)
    }

    /// The first instant behind all closed months; 1970 if none is closed.
    static func closedUntil(_ db: Database) throws -> Timestamp {
        try String.fetchOne(db, sql: "SELECT MAX(period) FROM periods WHERE \(isClosed)")
            .flatMap { BillingPeriod($0)?.end } ?? Timestamp(microseconds: 0)
    }

    /// The sequence of a month's newest entry; 0 if it has none.
    static func lastSequence(_ db: Database, _ month: BillingPeriod) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT MAX(seq) FROM ledger WHERE period = ?", arguments: [month.text]) ?? 0
    }

    /// What a month comes to: as sealed, or so far.
    public static func totals(_ db: Database, _ period: Period) throws -> PeriodTotals {
        if let seal = period.seal { return PeriodTotals(entries: seal.entries, cost: seal.cost) }
        let month = period.month
        let entries = try Int64.fetchOne(
            db, sql: "SELECT COUNT(*) FROM ledger WHERE period = ?", arguments: [month.text])
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT COALESCE(SUM(cost_micro), 0) AS micro, COALESCE(SUM(cost_pico), 0) AS pico FROM usage_day
                WHERE bucket_start >= ? AND bucket_start < ?
                """,
            arguments: [month.start.microseconds, month.end.microseconds])
        let cost = row.map { Money(micro: $0["micro"], remainder: $0["pico"]) } ?? .zero
        return PeriodTotals(entries: entries ?? 0, cost: cost)
    }

    /// The holds of a month that nobody knows the end of: those frozen with it, or those there are now.
    public static func uncertainHolds(_ db: Database, _ period: Period) throws -> Int {
        guard period.status == .closed else { return try PeriodFactsStore.uncertainHolds(db, period.month).count }
        return try Int.fetchOne(
            db, sql: "SELECT COUNT(*) FROM period_facts WHERE period = ? AND kind = 'hold'",
            arguments: [period.month.text]) ?? 0
    }

    private static func period(_ row: Row) throws -> Period {
        guard let month = BillingPeriod(row["period"] as String) else { throw BillingError.damaged("periods") }
        let closing = Period.Closing(
            requestedAt: Timestamp(microseconds: row["requested_at"]), requestedBy: row["requested_by"],
            dueAt: Timestamp(microseconds: row["due_at"]))
        switch PeriodStatus(rawValue: row["status"]) {
        case .closed: return Period(month, closing: closing, seal: try seal(row, of: month))
        case .closing where row["number"] as Int64? == nil: return Period(month, closing: closing)
        default: throw BillingError.damaged("periods, \(month.text)")
        }
    }

    /// What stands in a closed month's row only.
    private static func seal(_ row: Row, of month: BillingPeriod) throws -> PeriodSeal {
        guard let closedAt = row["closed_at"] as Int64?, let format = row["format_version"] as Int64?,
            let software = row["software_version"] as String?, let entries = row["entries"] as Int64?,
            let last = row["last_seq"] as Int64?, let micro = row["cost_micro"] as Int64?,
            let pico = row["cost_pico"] as Int64?, let chainHead = row["chain_head"] as String?,
            let facts = row["facts_sha256"] as String?, let manifest = row["manifest_sha256"] as String?,
            let number = row["number"] as Int64?
        else { throw BillingError.damaged("periods, \(month.text)") }
        return PeriodSeal(
            closedAt: Timestamp(microseconds: closedAt), formatVersion: format, softwareVersion: software,
            entries: entries, lastSequence: last, cost: Money(micro: micro, remainder: pico), chainHead: chainHead,
            factsSHA256: facts, manifestSHA256: manifest, previousManifestSHA256: row["previous_manifest_sha256"],
            number: number)
    }
}
