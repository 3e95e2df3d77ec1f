import GRDB
import Tenancy

/// The rows of the roll-ups that a span is summed from, as a sub-select with the groups as `g0`, `g1`, ….
struct UsageSourceStore {
    /// What is selected beside the groups.
    enum Figures {
        /// Requests, the meters with a column, and the cost.
        case sums
        /// The meters without one.
        case otherMeters

        fileprivate var suffix: String { self == .sums ? "" : "_meters" }

        fileprivate func columns(_ sign: String) -> String {
            guard self == .sums else { return "meter, \(sign)units AS units" }
            let names = ["requests"] + TokenUsage.columnMeters.map(\.rawValue) + ["cost_micro", "cost_pico"]
            return names.map { "\(sign)\($0) AS \($0)" }.joined(separator: ", ")
        }

        /// The same of an entry of the ledger.
        fileprivate var entryColumns: String {
            guard self == .sums else { return "counts.key AS meter, counts.value AS units" }
            let meters = TokenUsage.columnMeters.map(\.rawValue).joined(separator: ", ")
            return "kind IN ('settle', 'resolve') AS requests, \(meters), cost / 1000000 AS cost_micro, "
                + "cost % 1000000 AS cost_pico"
        }

        fileprivate var entries: String {
            self == .sums ? "ledger AS u" : "ledger AS u, json_each(other_meters) AS counts"
        }

        fileprivate var entriesCondition: String {
            self == .sums ? UsageFoldStore.counted : "other_meters IS NOT NULL"
        }
    }

    let sql: String
    let arguments: StatementArguments

    /// Reads up to where the roll-ups behind the ledger are, so both must be of one snapshot.
    init(_ query: UsageQuery, _ span: CalendarSpan, _ figures: Figures, _ db: Database) throws {
        let groups = UsageGroupsStore(query.groups)
        let filter = UsageFilter(query)
        var parts: [String] = []
        var arguments = StatementArguments()
        let source = try Self.parts(query, span, db)
        // Of one tenant the rows lie together in the table; of all, only this index knows where they are.
        let isByTime = query.tenantIDs == nil && query.keys == nil && !query.isOverAll
        let nobody = query.isOverAll ? "tenant_id = '' AND " : ""
        for part in source {
            let table = part.table + figures.suffix
            let index = isByTime ? " INDEXED BY \(table)_by_time" : ""
            parts.append(
                """
                SELECT \(groups.expressions(of: "u")) \(figures.columns(part.isTakenOff ? "-" : ""))
                FROM \(table) AS u\(index)
                WHERE \(nobody)bucket_start >= ? AND bucket_start < ?\(filter.condition)
                """)
            arguments += groups.arguments
            arguments += [part.span.start.microseconds, part.span.end.microseconds]
            arguments += StatementArguments(filter.arguments)
            guard UsageFoldStore.tables.contains(part.table) else { continue }
            parts.append(
                """
                SELECT \(groups.expressions(of: "u")) \(figures.entryColumns) FROM \(figures.entries)
                WHERE seq > ? AND admitted_at >= ? AND admitted_at < ?\(filter.condition)
                    AND \(figures.entriesCondition)
                """)
            arguments += groups.arguments
            arguments += [try UsageFoldStore.folded(db), part.span.start.microseconds, part.span.end.microseconds]
            arguments += StatementArguments(filter.arguments)
        }
        sql = parts.joined(separator: "\nUNION ALL\n")
        self.arguments = arguments
    }

    private static func parts(_ query: UsageQuery, _ span: CalendarSpan, _ db: Database) throws -> [UsageParts.Part] {
        if query.isOverAll { return [UsageParts.Part(table: "usage_total", span: span)] }
        guard query.isOverKeys, query.bucket == .month else { return UsageParts.parts(of: span) }
        let newest = try Int64.fetchOne(db.cachedStatement(sql: "SELECT MAX(bucket_start) FROM usage_quarter")) ?? 0
        // Of all tenants: a damaged row of one may be of any instant.
        let unused = Timestamp(microseconds: newest).adding(milliseconds: RollUpSums.quarter / 1000)
        return UsageParts.monthParts(of: span, unused: unused)
    }

    /// Restricts to a span of keys; binds its first and last key three times. Whose keys they are is said too, because
    /// the roll-ups lie in the order of tenants; corrections may have no key.
    static let keysCondition = """
         AND key_id BETWEEN ? AND ? AND tenant_id IN (
            SELECT tenant_id FROM api_keys WHERE id BETWEEN ? AND ?
            UNION SELECT tenant_id FROM corrections WHERE key_id IS NULL AND '' BETWEEN ? AND ?)
        """

    /// The next keys behind this one by id, at most `limit`; nil: there are no more.
    static func keys(after last: String, limit: Int, _ db: Database) throws -> (first: String, last: String)? {
        let sql = """
            SELECT MIN(id) AS first, MAX(id) AS last
            FROM (SELECT id FROM api_keys WHERE id > ? ORDER BY id LIMIT ?)
            """
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [last, limit]),
            let first: String = row["first"]
        else { return nil }
        return (first, row["last"])
    }

    /// Tenants that ever used something, in order, from this one on.
    static func tenants(from first: String, limit: Int, _ db: Database) throws -> [ID<Tenant>] {
        try tenants(where: ">=", first, limit, db)
    }

    /// The same behind this one.
    static func tenants(after last: ID<Tenant>, limit: Int, _ db: Database) throws -> [ID<Tenant>] {
        try tenants(where: ">", last.text, limit, db)
    }

    /// One look-up in the index for each tenant, however many rows each has.
    private static func tenants(
        where comparison: String, _ place: String, _ limit: Int, _ db: Database
    ) throws -> [ID<Tenant>] {
        try String.fetchAll(
            db.cachedStatement(
                sql: """
                    WITH RECURSIVE known (id) AS (
                        SELECT MIN(tenant_id) FROM usage_day WHERE tenant_id \(comparison) ?
                        UNION ALL
                        SELECT (SELECT MIN(tenant_id) FROM usage_day WHERE tenant_id > known.id)
                        FROM known WHERE known.id IS NOT NULL LIMIT ?
                    )
                    SELECT id FROM known WHERE id IS NOT NULL
                    """),
            arguments: [place, limit]
        ).map { ID($0) }
    }
}
