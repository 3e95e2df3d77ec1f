public import GRDB
import Tenancy

/// Recomputes every sum from the ledger's entries and compares; changes nothing.
public enum LedgerVerifierStore {
    /// More differences than anyone reads; the rest are only counted.
    private static let differenceLimit = 200

    /// Every difference in words, none when the books are right. Run it in one read transaction; leftover holds are no
    /// difference.
    public static func run(_ db: Database) throws -> [String] {
        var found: [String] = []
        found += try integrity(db)
        found += try entries(db)
        found += try holds(db)
        found += try rollUps("usage_quarter", quarter, db)
        found += try rollUps("usage_day", "admitted_at - admitted_at % \(RollUpSums.day)", db)
        found += try folds(db)
        found += try accounts(db)
        if found.count <= differenceLimit { return found }
        return Array(found.prefix(differenceLimit)) + ["and \(found.count - differenceLimit) more differences"]
    }

    /// The roll-ups that are behind the ledger say what the entries up to theirs do.
    private static func folds(_ db: Database) throws -> [String] {
        let folded = try UsageFoldStore.folded(db)
        let last = try LedgerStore.lastSequence(db)
        var found: [String] = []
        if folded > last { found.append("usage_folded: up to entry \(folded), the ledger ends at \(last)") }
        found += try rollUps("usage_total", quarter, of: everybody, upTo: folded, db)
        found += try rollUps("usage_month", month, of: eachTenant, upTo: folded, db)
        // Rather than stop at meters that cannot be read, which are found already.
        if try otherMeters(db).isEmpty { found += try UsageFoldStore.costDifferences(upTo: folded, db) }
        return found
    }

    private static func integrity(_ db: Database) throws -> [String] {
        let pages = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        let keys = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")
        return pages.map { "integrity: \($0)" }
            + keys.map { "foreign key: a row of \($0[0] as String? ?? "?") refers to nothing" }
    }

    private static func entries(_ db: Database) throws -> [String] {
        var found: [String] = []
        let count = try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM ledger") ?? 0
        let last = try LedgerStore.lastSequence(db)
        if count != last { found.append("ledger: \(count) entries up to sequence \(last)") }
        found += try String.fetchAll(
            db,
            sql: """
                SELECT 'ledger: entry ' || seq || ' has node sequence ' || node_seq FROM ledger
                WHERE node_seq != seq AND node_id = ?
                """,
            arguments: [LedgerStore.nodeID]
        )
        found += try String.fetchAll(
            db,
            sql: """
                SELECT 'ledger: entry ' || seq || ' is in period ' || period FROM ledger
                WHERE period != strftime('%Y-%m', admitted_at / 1000000, 'unixepoch')
                """
        )
        found += try String.fetchAll(
            db,
            sql: """
                SELECT 'ledger: attempt ' || request_id || '.' || attempt || ' ended ' || COUNT(*) || ' times'
                FROM ledger WHERE kind IN ('settle', 'release', 'resolve') GROUP BY request_id, attempt
                HAVING COUNT(*) > 1
                """
        )
        found += try String.fetchAll(
            db,
            sql: """
                SELECT 'ledger: excess of ' || request_id || '.' || attempt || ' without its entry' FROM ledger AS extra
                WHERE kind = 'excess' AND NOT EXISTS (
                    SELECT 1 FROM ledger WHERE request_id = extra.request_id AND attempt = extra.attempt
                        AND kind IN ('settle', 'release', 'resolve'))
                """
        )
        found += try otherMeters(db)
        return found
    }

    /// Entries whose further meters are not as they are written.
    private static func otherMeters(_ db: Database) throws -> [String] {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, other_meters FROM ledger WHERE other_meters IS NOT NULL ORDER BY seq")
        var found: [String] = []
        while let row = try rows.next() {
            var usage = TokenUsage.zero
            let text: String = row["other_meters"]
            if !usage.readOtherMeters(text) || usage.otherMetersText != text {
                found.append("ledger: entry \(row["seq"] as Int64) has unreadable meters")
            }
        }
        return found
    }

    private static func holds(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT 'holds: ' || request_id || '.' || attempt || ' has ended and is held' FROM holds
                WHERE EXISTS (
                    SELECT 1 FROM ledger WHERE ledger.request_id = holds.request_id
                        AND ledger.attempt = holds.attempt AND kind IN ('settle', 'release', 'resolve'))
                """
        )
    }

    // MARK: Roll-ups

    private static let columns = """
        bucket_start, tenant_id, key_id, model, pool, backend_id, requests, input, input_cache_read,
        input_cache_write_5m, input_cache_write_1h, output, output_reasoning,
        cost_micro - (cost_pico < 0) AS cost_micro, cost_pico + 1000000 * (cost_pico < 0) AS cost_pico
        """

    private static let eachKey = "tenant_id, key_id"
    private static let eachTenant = "tenant_id, '' AS key_id"
    private static let everybody = "'' AS tenant_id, '' AS key_id"

    private static let quarter = "admitted_at - admitted_at % \(RollUpSums.quarter)"
    private static let month =
        "strftime('%s', admitted_at / 1000000, 'unixepoch', 'start of month') * 1000000"

    /// The roll-up and its other meters, by the start of its spans, for whom, and up to which entry (nil: the last).
    private static func rollUps(
        _ table: String, _ start: String, of whom: String = eachKey, upTo last: Int64? = nil, _ db: Database
    ) throws -> [String] {
        let stored = "SELECT \(columns) FROM \(table)"
        let entries = last.map { "seq <= \($0)" } ?? "TRUE"
        let counted = recount(start, of: whom, entries)
        return try differences("\(table): not as the entries say", "\(stored) EXCEPT \(counted)", db)
            + differences("\(table): missing", "\(counted) EXCEPT \(stored)", db)
            + meters(table + "_meters", start, of: whom, entries, db)
    }

    /// The roll-up as it must be; costs are summed in two parts because one sum could overflow, and brought to parts
    /// of which the smaller is not negative, because with corrections one amount can be split two ways.
    private static func recount(_ start: String, of whom: String, _ entries: String) -> String {
        "SELECT \(columns) FROM (\(sums(start, of: whom, entries)))"
    }

    private static func sums(_ start: String, of whom: String, _ entries: String) -> String {
        """
        SELECT \(start) AS bucket_start, \(whom), model, pool, backend_id,
            SUM(kind IN ('settle', 'resolve')) AS requests, SUM(input) AS input,
            SUM(input_cache_read) AS input_cache_read, SUM(input_cache_write_5m) AS input_cache_write_5m,
            SUM(input_cache_write_1h) AS input_cache_write_1h, SUM(output) AS output,
            SUM(output_reasoning) AS output_reasoning,
            SUM(cost / 1000000) + SUM(cost % 1000000) / 1000000 AS cost_micro,
            SUM(cost % 1000000) % 1000000 AS cost_pico
        FROM ledger
        WHERE \(entries) AND \(UsageFoldStore.counted)
        GROUP BY 1, 2, 3, 4, 5, 6
        """
    }

    /// The same for the meters without a column.
    private static func meters(
        _ table: String, _ start: String, of whom: String, _ entries: String, _ db: Database
    ) throws -> [String] {
        let stored =
            "SELECT bucket_start, tenant_id, key_id, model, pool, backend_id, meter, units FROM \(table)"
        let counted = """
            SELECT \(start) AS bucket_start, \(whom), model, pool, backend_id,
                CAST(counts.key AS TEXT) AS meter, CAST(SUM(counts.value) AS INTEGER) AS units
            FROM ledger, json_each(
                CASE WHEN NOT json_valid(other_meters) THEN NULL
                    WHEN json_type(other_meters) = 'object' THEN other_meters END
            ) AS counts
            WHERE \(entries) AND other_meters IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7
            """
        let queries = [
            ("not as the entries say", "\(stored) EXCEPT \(counted)"), ("missing", "\(counted) EXCEPT \(stored)"),
        ]
        return try queries.flatMap { title, query in
            try Row.fetchAll(db, sql: "SELECT * FROM (\(query)) LIMIT \(differenceLimit + 1)").map { row in
                "\(table): \(title): \(row["tenant_id"] as String) \(row["key_id"] as String) "
                    + "\(row["model"] as String) at \(row["bucket_start"] as Int64): "
                    + "\(row["units"] as Int64) \(row["meter"] as String)"
            }
        }
    }

    private static func differences(_ title: String, _ query: String, _ db: Database) throws -> [String] {
        try Row.fetchAll(db, sql: "SELECT * FROM (\(query)) LIMIT \(differenceLimit + 1)").map { row in
            let cost = Money(micro: row["cost_micro"], remainder: row["cost_pico"]).decimal
            return "\(title): \(row["tenant_id"] as String) \(row["key_id"] as String) \(row["model"] as String) "
                + "at \(row["bucket_start"] as Int64): \(row["requests"] as Int64) requests, \(cost) USD"
        }
    }

    // MARK: Accounts

    /// What one combination of scopes spent in a quarter of an hour, from the entries.
    private struct Spend {
        let start: Timestamp
        let keyID: ID<APIKey>
        let model: String
        let pool: String
        let cost: Money
    }

    private static func accounts(_ db: Database) throws -> [String] {
        let spends = try spends(db)
        let zones = try LedgerStore.zoneNames(db)
        var stored: [String: [Timestamp: Money]] = [:]
        let rows = try Row.fetchCursor(
            db, sql: "SELECT budget_id, window_start, posted_micro, posted_pico FROM accounts"
        )
        while let row = try rows.next() {
            let start = Timestamp(microseconds: row["window_start"])
            stored[row["budget_id"], default: [:]][start] = Money(
                micro: row["posted_micro"], remainder: row["posted_pico"]
            )
        }
        var found: [String] = []
        for budget in try BillingStore.budgets(db) {
            guard let zone = zones[budget.tenantID].flatMap({ CalendarZone(identifier: $0) }) else {
                found.append("budget \(budget.id): the time zone of its tenant is unknown")
                continue
            }
            guard let windows = stored[budget.id.text], let since = windows.keys.min() else {
                found.append("budget \(budget.id): it has no account")
                continue
            }
            let spent = spent(budget, zone, since: since, spends[budget.tenantID] ?? [])
            found += compare(budget, stored: windows, spent: spent)
        }
        return found
    }

    private static func compare(
        _ budget: Budget,
        stored: [Timestamp: Money],
        spent: [Timestamp: Money]
    ) -> [String] {
        Set(stored.keys).union(spent.keys).sorted().compactMap { start in
            let (account, entries) = (stored[start] ?? .zero, spent[start] ?? .zero)
            if account == entries { return nil }
            return "budget \(budget.id): posted \(account.decimal) USD in the window at \(start.microseconds), "
                + "but its entries say \(entries.decimal)"
        }
    }

    private static func spent(
        _ budget: Budget,
        _ zone: CalendarZone,
        since: Timestamp,
        _ spends: [Spend]
    ) -> [Timestamp: Money] {
        var sums: [Timestamp: Money] = [:]
        var window: BudgetWindow?
        for spend in spends where spend.start >= since {
            guard budget.matches(keyID: spend.keyID, model: spend.model, pool: spend.pool) else { continue }
            let current: BudgetWindow
            if let window, window.contains(spend.start) {
                current = window
            } else {
                current = BudgetWindow(budget.window, containing: spend.start, in: zone)
            }
            window = current
            sums[current.start, default: .zero] += spend.cost
        }
        return sums
    }

    /// Every window begins with a quarter of an hour, in every zone; so the ledger is read once for all budgets.
    private static func spends(_ db: Database) throws -> [ID<Tenant>: [Spend]] {
        var spends: [ID<Tenant>: [Spend]] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant_id, key_id, model, pool, admitted_at - admitted_at % \(RollUpSums.quarter) AS start,
                    SUM(cost / 1000000) AS micro, SUM(cost % 1000000) AS pico
                FROM ledger GROUP BY 1, 2, 3, 4, 5 ORDER BY start
                """
        )
        while let row = try rows.next() {
            spends[ID(row["tenant_id"]), default: []].append(
                Spend(
                    start: Timestamp(microseconds: row["start"]), keyID: ID(row["key_id"]), model: row["model"],
                    pool: row["pool"], cost: Money(micro: row["micro"], remainder: row["pico"])
                )
            )
        }
        return spends
    }
}
