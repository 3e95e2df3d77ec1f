import GRDB
import Tenancy

/// The rows of the roll-ups that a span is summed from, as a sub-select with the groups as `g0`, `g1`, ….
struct UsageSourceStore {
    let sql: String
    let arguments: StatementArguments

    /// - Parameters:
    ///   - suffix: what the tables' names end with.
    ///   - columns: what is selected beside the groups.
    init(_ query: UsageQuery, _ span: CalendarSpan, suffix: String, columns: String) {
        let groups = UsageGroupsStore(query.groups)
        let filter = UsageFilter(query)
        var parts: [String] = []
        var arguments = StatementArguments()
        let source = query.isOverAll ? [UsageParts.Part(table: "usage_total", span: span)] : UsageParts.parts(of: span)
        // Of one tenant the rows lie together in the table; of all, only this index knows where they are.
        let isByTime = query.tenantIDs == nil && query.keys == nil && !query.isOverAll
        let nobody = query.isOverAll ? "tenant_id = '' AND " : ""
        for part in source {
            let table = part.table + suffix
            let index = isByTime ? " INDEXED BY \(table)_by_time" : ""
            parts.append(
                """
                SELECT \(groups.expressions(of: "u")) \(columns) FROM \(table) AS u\(index)
                WHERE \(nobody)bucket_start >= ? AND bucket_start < ?\(filter.condition)
                """)
            arguments += groups.arguments
            arguments += [part.span.start.microseconds, part.span.end.microseconds]
            arguments += StatementArguments(filter.arguments)
        }
        sql = parts.joined(separator: "\nUNION ALL\n")
        self.arguments = arguments
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
