public import GRDB
public import Tenancy

extension LedgerStore {
    /// What a budget's scope has spent in a window, from the quarter-hour roll-ups.
    static func posted(_ budget: Budget, _ window: BudgetWindow, _ db: Database) throws -> Money {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT COALESCE(SUM(cost_micro), 0) AS micro, COALESCE(SUM(cost_pico), 0) AS pico FROM usage_quarter
                WHERE tenant_id = :tenant AND bucket_start >= :start AND bucket_start < :end
                    AND (:key IS NULL OR key_id = :key) AND (:model IS NULL OR model = :model)
                    AND (:pool IS NULL OR pool = :pool)
                """,
            arguments: [
                "tenant": budget.tenantID.text, "start": window.start.microseconds, "end": window.end.microseconds,
                "key": budget.keyID?.text, "model": budget.model, "pool": budget.pool,
            ]
        )
        return row.map { Money(micro: $0["micro"], remainder: $0["pico"]) } ?? .zero
    }

    /// Makes `posted` the budget's only account, for one that counts from scratch.
    static func replaceAccounts(of budget: ID<Budget>, windowStart: Timestamp, posted: Money, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM accounts WHERE budget_id = ?", arguments: [budget.text])
        try db.execute(
            sql: "INSERT INTO accounts (budget_id, window_start, posted_micro, posted_pico) VALUES (?, ?, ?, ?)",
            arguments: [budget.text, windowStart.microseconds, posted.micro, posted.remainder]
        )
    }

    /// A budget's two newest accounts, newest first, and the start of its oldest.
    static func newestAccounts(
        of budget: ID<Budget>,
        _ db: Database
    ) throws -> (rows: [(start: Timestamp, posted: Money)], oldest: Timestamp?) {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT window_start, posted_micro, posted_pico FROM accounts WHERE budget_id = ?
                    ORDER BY window_start DESC LIMIT 2
                    """
            ),
            arguments: [budget.text]
        )
        let oldest = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT MIN(window_start) FROM accounts WHERE budget_id = ?"),
            arguments: [budget.text]
        )
        let newest = rows.map { row in
            (
                start: Timestamp(microseconds: row["window_start"]),
                // What cannot be read leaves nothing to spend.
                posted: Money(storedMicro: row["posted_micro"], remainder: row["posted_pico"]) ?? .limitMaximum
            )
        }
        return (newest, oldest.map { Timestamp(microseconds: $0) })
    }

    /// The IANA zone of each tenant that is given, or of all.
    static func zoneNames(_ db: Database, tenant: ID<Tenant>? = nil) throws -> [ID<Tenant>: String] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT id, time_zone FROM tenants WHERE :id IS NULL OR id = :id", arguments: ["id": tenant?.text]
        )
        return Dictionary(rows.map { (ID<Tenant>($0["id"]), $0["time_zone"]) }, uniquingKeysWith: { first, _ in first })
    }

    /// When the newest entry's call ended; nil if there is none.
    public static func newestEnd(_ db: Database) throws -> Timestamp? {
        try Int64.fetchOne(db, sql: "SELECT ended_at FROM ledger ORDER BY seq DESC LIMIT 1")
            .map { Timestamp(microseconds: $0) }
    }

    /// Requests and tokens of a tenant, or of one of its keys, on the tenant's calendar day that contains the instant:
    /// rebuilds quotas. Days after it have entries where the clock was set back.
    public static func usedOfDay(
        _ db: Database,
        by owner: QuotaOwner,
        of tenant: Tenant,
        at instant: Timestamp
    ) throws -> (requests: Int64, tokens: Int64) {
        let day = (CalendarZone(identifier: tenant.timeZone) ?? CalendarZone.utc).day(containing: instant)
        let keyID: ID<APIKey>? = if case .key(let id) = owner { id } else { nil }
        return try requestsAndTokensSince(db, tenantID: tenant.id, keyID: keyID, from: day.start, to: day.end)
    }

    /// Requests and tokens of a tenant, or of one of its keys, admitted since a quarter hour began and
    /// before another one did.
    public static func requestsAndTokensSince(
        _ db: Database,
        tenantID: ID<Tenant>,
        keyID: ID<APIKey>? = nil,
        from start: Timestamp,
        to end: Timestamp = Timestamp(microseconds: .max)
    ) throws -> (requests: Int64, tokens: Int64) {
        let span = "bucket_start >= :start AND bucket_start < :end"
        let scope = "tenant_id = :tenant AND \(span) AND (:key IS NULL OR key_id = :key)"
        let columns = TokenUsage.columnMeters.map { "TOTAL(\($0.rawValue))" }.joined(separator: " + ")
        let others = TokenUsage.otherMeters.filter(\.isToken).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let rare = "SELECT TOTAL(units) FROM usage_quarter_meters WHERE \(scope) AND meter IN (\(others))"
        // A damaged row may say any number: it must use up its own tenant's day, and end nothing.
        func whole(_ sum: String) -> String { "CAST(MAX(0, MIN(\(sum), 4e18)) AS INTEGER)" }
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT \(whole("TOTAL(requests)")) AS requests, \(whole("\(columns) + (\(rare))")) AS tokens
                FROM usage_quarter WHERE \(scope)
                """,
            arguments: [
                "tenant": tenantID.text, "start": start.microseconds, "end": end.microseconds, "key": keyID?.text,
            ]
        )
        return row.map { ($0["requests"], $0["tokens"]) } ?? (0, 0)
    }

    /// What a row says was used: of the columns that ledger and roll-ups share, and of the others where it has them.
    /// Throws `BillingError.damaged` for meters that cannot be read.
    static func usage(_ row: Row) throws(BillingError) -> TokenUsage {
        var usage = TokenUsage.zero
        for meter in TokenUsage.columnMeters { usage[meter] = row[meter.rawValue] }
        if let text = row["other_meters"] as String?, !usage.readOtherMeters(text) { throw .damaged("ledger") }
        return usage
    }
}

extension LedgerStore {
    /// Writes a page, to find out whether the disk takes one again.
    static func probe(_ db: Database) throws {
        let version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }
}
