import GRDB
import Tenancy

/// Answers usage queries from the roll-ups: days as far as whole UTC days go, quarters of an hour at their edges.
enum UsageQueryStore {
    /// One page, in one read transaction.
    static func page(_ query: UsageQuery, _ db: Database) throws -> UsagePage {
        var page = UsagePage()
        let meters = query.groups.contains(.meter) ? MeterCostStore(query) : nil
        var position = query.span.start
        var seen: [String] = []
        if let after = query.after {
            seen = after.values
            position = seen.isEmpty ? query.bucketSpan(containing: after.start).end : after.start
        }
        var room = max(1, query.limit)
        while position < query.span.end {
            guard room > 0 else {
                page.next = page.buckets.last.map { UsageCursor(start: $0.span.start) }
                break
            }
            let span = query.bucketSpan(containing: position)
            let rows =
                try meters?.rows(span, after: seen, limit: room + 1, db)
                ?? rows(query, span, after: seen, limit: room + 1, db)
            let shown = Array(rows.prefix(room))
            page.buckets.append(UsagePage.Bucket(span: span, rows: shown))
            if rows.count > room {
                page.next = UsageCursor(start: span.start, values: shown.last?.values ?? [])
                break
            }
            room -= max(1, shown.count)
            seen = []
            guard span.end > position else { break }
            position = span.end
        }
        try name(&page, query, db)
        return page
    }

    /// Tenants whose rows are looked up together: few, because a page of many groups a tenant needs no more.
    private static let tenantsAtOnce = 100
    /// Keys whose rows are looked up together, at first and at last.
    private static let fewestKeysAtOnce = 500
    private static let mostKeysAtOnce = 1_000_000

    /// The groups of one span beyond `seen`, in order. By tenant they are read some tenants at a time, whose rows lie
    /// together, so that a page of a thousand costs what a thousand do.
    private static func rows(
        _ query: UsageQuery, _ span: CalendarSpan, after seen: [String], limit: Int, _ db: Database
    ) throws -> [UsageRow] {
        if query.groups.first == .key, query.tenantIDs == nil, query.keyIDs == nil {
            return try rowsByKey(query, span, after: seen, limit: limit, db)
        }
        guard query.groups.first == .tenant, query.tenantIDs == nil else {
            return try sumRows(query, span, after: seen, limit: limit, db)
        }
        var rows: [UsageRow] = []
        var some = query
        var tenants = try UsageSourceStore.tenants(from: seen.first ?? "", limit: min(limit, tenantsAtOnce), db)
        while let last = tenants.last, rows.count < limit {
            some.tenantIDs = tenants
            rows += try sumRows(some, span, after: seen, limit: limit - rows.count, db)
            let wanted = min(limit - rows.count, tenantsAtOnce)
            tenants = try UsageSourceStore.tenants(after: last, limit: max(0, wanted), db)
        }
        return rows
    }

    /// The same by key: first the key where the page before ended, or what has none, then more keys each time, because
    /// those of one tenant may be anywhere among them and few may have used anything.
    private static func rowsByKey(
        _ query: UsageQuery, _ span: CalendarSpan, after seen: [String], limit: Int, _ db: Database
    ) throws -> [UsageRow] {
        let first = seen.first ?? ""
        var rows: [UsageRow] = []
        var some = query
        some.keys = (first, first)
        var wanted = fewestKeysAtOnce
        while let last = some.keys?.last, rows.count < limit {
            rows += try sumRows(some, span, after: seen, limit: limit - rows.count, db)
            some.keys = try UsageSourceStore.keys(after: last, limit: wanted, db)
            wanted = min(wanted * 2, mostKeysAtOnce)
        }
        return rows
    }

    private static func sumRows(
        _ query: UsageQuery, _ span: CalendarSpan, after seen: [String], limit: Int, _ db: Database
    ) throws -> [UsageRow] {
        let groups = UsageGroupsStore(query.groups)
        let source = try UsageSourceStore(query, span, .sums, db)
        let sql = """
            SELECT COUNT(*) AS lines, \(groups.names) SUM(requests) AS requests, \(sums),
                SUM(cost_micro) AS micro, SUM(cost_pico) AS pico
            FROM (\(source.sql))
            \(groups.beyond(seen)) \(groups.order(having: something)) LIMIT ?
            """
        let arguments = source.arguments + StatementArguments(seen) + [limit]
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var rows: [UsageRow] = []
        while let row = try cursor.next() {
            // Without groups there is one row of sums, over nothing too.
            guard (row["lines"] as Int64) > 0 else { continue }
            let sum = UsageRow(
                values: groups.values(row), requests: row["requests"], usage: try LedgerStore.usage(row),
                cost: Money(micro: row["micro"], remainder: row["pico"]))
            if sum.requests != 0 || sum.usage != .zero || sum.cost != .zero { rows.append(sum) }
        }
        try addOtherMeters(to: &rows, query, span, after: seen, db)
        return rows
    }

    /// Adds what the roll-ups have no columns for; it is rare, and has tables of its own.
    private static func addOtherMeters(
        to rows: inout [UsageRow], _ query: UsageQuery, _ span: CalendarSpan, after seen: [String], _ db: Database
    ) throws {
        guard let last = rows.last else { return }
        let groups = UsageGroupsStore(query.groups)
        let source = try UsageSourceStore(query, span, .otherMeters, db)
        let sql = """
            SELECT \(groups.names) meter, SUM(units) AS units FROM (\(source.sql))
            \(groups.beyond(seen, upTo: last.values)) GROUP BY \(groups.names) meter
            """
        let arguments = source.arguments + StatementArguments(seen) + StatementArguments(last.values)
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var places: [[String]: Int]?
        while let row = try cursor.next() {
            if places == nil {
                places = Dictionary(
                    rows.enumerated().map { ($0.element.values, $0.offset) }, uniquingKeysWith: { first, _ in first })
            }
            guard let meter = Meter(rawValue: row["meter"]) else { throw oddMeter }
            guard let place = places?[groups.values(row)] else { continue }
            rows[place].usage[meter] = row["units"]
        }
    }

    private static let oddMeter = BillingError.damaged(
        "meter of usage_quarter_meters, usage_day_meters, usage_month_meters or usage_total_meters")

    /// A month less what it has too much may leave nothing of a group.
    private static let something: String =
        (["requests"] + TokenUsage.columnMeters.map(\.rawValue) + ["cost_micro", "cost_pico"])
        .map { "SUM(\($0)) != 0" }.joined(separator: " OR ")
    private static let sums: String = TokenUsage.columnMeters.map { "SUM(\($0.rawValue)) AS \($0.rawValue)" }
        .joined(separator: ", ")

    // MARK: Names

    private static func name(_ page: inout UsagePage, _ query: UsageQuery, _ db: Database) throws {
        if let place = query.groups.firstIndex(of: .tenant) {
            page.tenantNames = try names("SELECT id, name FROM tenants WHERE id = ?", page, place, db)
        }
        if let place = query.groups.firstIndex(of: .key) {
            page.keyNames = try names("SELECT id, name FROM api_keys WHERE id = ?", page, place, db)
        }
    }

    private static func names(_ sql: String, _ page: UsagePage, _ place: Int, _ db: Database) throws -> [String: String]
    {
        let ids = Set(page.buckets.flatMap { $0.rows.map { $0.values[place] } })
        var names: [String: String] = [:]
        for id in ids {
            names[id] = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id])?["name"]
        }
        return names
    }
}
