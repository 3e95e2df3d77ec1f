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
        for part in UsageParts.parts(of: span) {
            let table = part.table + suffix
            // Of one tenant the rows lie together in the table; of all, only this index knows where they are.
            let index = query.tenantID == nil ? " INDEXED BY \(table)_by_time" : ""
            parts.append(
                """
                SELECT \(groups.expressions(of: "u")) \(columns) FROM \(table) AS u\(index)
                WHERE bucket_start >= ? AND bucket_start < ?\(filter.condition)
                """)
            arguments += groups.arguments
            arguments += [part.span.start.microseconds, part.span.end.microseconds]
            arguments += StatementArguments(filter.arguments)
        }
        sql = parts.joined(separator: "\nUNION ALL\n")
        self.arguments = arguments
    }
}
