import GRDB
import Tenancy

/// The roll-ups that follow the ledger a few seconds behind, `usage_total`, `usage_month` and `usage_total_costs`, and
/// up to which entry they do. What a question asks of them is they and the entries behind that one.
enum UsageFoldStore {
    /// Entries that a roll-up counts: requests, and what has a figure.
    static let counted = """
        (kind IN ('settle', 'resolve') OR cost != 0 OR input != 0 OR input_cache_read != 0
            OR input_cache_write_5m != 0 OR input_cache_write_1h != 0 OR output != 0 OR output_reasoning != 0
            OR other_meters IS NOT NULL)
        """

    /// Those that have what other roll-ups have.
    static let tables = ["usage_total", "usage_month"]

    /// The sequence of the newest entry they have, 0 when there is none.
    static func folded(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT seq FROM usage_folded")) ?? 0
    }

    /// What the entries between two add. Without tenants, which sums faster, `months` says nothing.
    static func sums(
        after first: Int64, upTo last: Int64, tellingTenants: Bool = true, _ db: Database
    ) throws -> UsageFolds {
        var folds = UsageFolds()
        let prices = MeterSumsStore()
        let entries = try AlikeEntriesStore(after: first, upTo: last, tellingTenants: tellingTenants, db)
        for (alike, sum) in entries.sums {
            let row = RollUpSums.Row(requests: alike.isRequest ? sum.entries : 0, usage: sum.usage, cost: sum.cost)
            let key = RollUpSums.Key(
                bucketStart: alike.bucketStart, tenantID: ID(alike.tenant), keyID: ID(""), model: alike.model,
                pool: alike.pool, backendID: alike.backendID)
            folds.add(row, try prices.shares(sum, alike, db), to: key)
        }
        guard entries.hasOtherMeters else { return folds }
        // Few entries count these, so they are grouped in SQL, which knows how to read them.
        let meters = TokenUsage.otherMeters
        let sql = """
            SELECT admitted_at - admitted_at % \(RollUpSums.quarter) AS bucket_start,
                \(tellingTenants ? "tenant_id" : "''") AS tenant, model, pool, backend_id,
                \(MeterSumsStore.groups), \(MeterSumsStore.columns(meters)), 0 AS micro, 0 AS pico
            FROM ledger WHERE seq > ? AND seq <= ? AND other_meters IS NOT NULL
            GROUP BY 1, 2, 3, 4, 5, \(MeterSumsStore.groups)
            """
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: [first, last])
        while let row = try rows.next() {
            let key = RollUpSums.Key(
                bucketStart: row["bucket_start"], tenantID: ID(row["tenant"]), keyID: ID(""), model: row["model"],
                pool: row["pool"], backendID: row["backend_id"])
            let sum = RollUpSums.Row(usage: MeterSumsStore.usage(row, meters))
            folds.add(sum, try prices.shares(row, meters, db), to: key)
        }
        return folds
    }

    /// Adds sums of the entries between two in the caller's transaction; false, and nothing added, if the roll-ups do
    /// not end at the first.
    static func add(_ folds: UsageFolds, after first: Int64, upTo last: Int64, _ db: Database) throws -> Bool {
        try db.execute(
            literal: "UPDATE usage_folded SET seq = \(last) WHERE seq = \(first) AND \(last) > \(first)")
        guard db.changesCount == 1 else { return false }
        for (table, rows) in [("usage_total", folds.totals), ("usage_month", folds.months)] {
            let upsert = try PreparedRowStore(LedgerRowsStore.rollUpSQL(into: table), db)
            let meterUpsert = try PreparedRowStore(LedgerRowsStore.meterSQL(into: table + "_meters"), db)
            for (key, row) in rows { try LedgerRowsStore.add(key, row, upsert, meterUpsert) }
        }
        let upsert = try PreparedRowStore(costSQL, db)
        for (key, row) in folds.meters {
            upsert.bind(key.bucketStart)
            upsert.bind(key.model)
            upsert.bind(key.pool)
            upsert.bind(key.backendID)
            upsert.bind(key.meter)
            upsert.bind(row.requests)
            upsert.bind(row.units)
            upsert.bind(row.cost.micro)
            upsert.bind(row.cost.remainder)
            try upsert.run()
        }
        return true
    }

    private static let costSQL = """
        INSERT INTO usage_total_costs (bucket_start, model, pool, backend_id, meter, requests, units, cost_micro,
            cost_pico)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (bucket_start, model, pool, backend_id, meter) DO UPDATE SET
            requests = requests + excluded.requests,
            units = units + excluded.units,
            cost_micro = cost_micro + excluded.cost_micro + (cost_pico + excluded.cost_pico) / 1000000,
            cost_pico = (cost_pico + excluded.cost_pico) % 1000000
        """

    // MARK: Checking

    /// Where the costs by meter are not what the entries up to the one they follow say, in words.
    static func costDifferences(upTo last: Int64, _ db: Database) throws -> [String] {
        var missing = try sums(after: 0, upTo: last, tellingTenants: false, db).meters
        var found: [String] = []
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM usage_total_costs ORDER BY 1, 2, 3, 4, 5")
        while let row = try rows.next() {
            let key = UsageFolds.MeterKey(
                bucketStart: row["bucket_start"], model: row["model"], pool: row["pool"], backendID: row["backend_id"],
                meter: row["meter"])
            let cost = Money(micro: row["cost_micro"], remainder: row["cost_pico"])
            let stored = UsageFolds.MeterRow(requests: row["requests"], units: row["units"], cost: cost)
            if missing.removeValue(forKey: key) ?? UsageFolds.MeterRow() != stored {
                found.append("usage_total_costs: not as the entries say: \(text(key))")
            }
        }
        // Costs that were taken off again leave a row of nothing, which is as good as none.
        let left = missing.filter { $0.value != UsageFolds.MeterRow() }.keys
        return found + left.map { "usage_total_costs: missing: \(text($0))" }.sorted()
    }

    private static func text(_ key: UsageFolds.MeterKey) -> String {
        "\(key.bucketStart) \(key.model) \(key.pool) \(key.backendID) \(key.meter)"
    }
}

extension UsageFoldStore {
    /// What was summed up of the entries after one and up to another.
    struct Part: Sendable {
        let folds: UsageFolds
        let after: Int64
        let last: Int64
    }

    /// The newest entry, read beside the writer.
    static func newest(_ file: DatabaseFile) async throws -> Int64 {
        try await file.pool.read { db in try LedgerStore.lastSequence(db) }
    }

    /// The next entries summed up beside the writer, at most so many; nil when there are none. Throws
    /// `BillingError.damaged` when the roll-ups say that they have entries which the ledger does not have.
    static func nextPart(of file: DatabaseFile, most: Int64) async throws -> Part? {
        try await file.pool.read { db in
            let (after, newest) = (try folded(db), try LedgerStore.lastSequence(db))
            guard after >= 0, after <= newest else { throw BillingError.damaged("usage_folded") }
            let last = after + min(newest - after, most)
            guard last > after else { return nil }
            return Part(folds: try sums(after: after, upTo: last, db), after: after, last: last)
        }
    }
}
