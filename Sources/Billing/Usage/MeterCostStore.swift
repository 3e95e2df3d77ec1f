import GRDB
import Tenancy

/// Usage told apart by meter. The roll-ups of tenants have one cost for all meters, so questions about some read the
/// ledger's entries; what all used is folded by meter, but for the newest entries.
struct MeterCostStore {
    /// A body may take hours to arrive, so a request's name may be that much older than its admission.
    static let longestBodyMS: Int64 = 12 * 3_600_000

    private let query: UsageQuery
    private let groups: UsageGroupsStore
    private let sums = MeterSumsStore()

    init(_ query: UsageQuery) {
        self.query = query
        groups = UsageGroupsStore(query.groups)
    }

    /// The groups of one span beyond `seen`, in order. A cost that no count explains has no meter.
    func rows(_ span: CalendarSpan, after seen: [String], limit: Int, _ db: Database) throws -> [UsageRow] {
        var rows: [[String]: UsageRow] = [:]
        if query.isOverAll { try addFolded(span, to: &rows, db) }
        var hasOthers = false
        for part in try parts(of: span, db) where !part.isOthers || hasOthers {
            let entries = try entries(part, of: span, db)
            while let entry = try entries.next() {
                hasOthers = hasOthers || (entry["others"] as Int64) > 0
                let values = groups.values(entry)
                for share in try sums.shares(entry, part.meters, db) { add(share, values, to: &rows) }
            }
        }
        let ordered = rows.values.filter { $0.requests != 0 || $0.usage != .zero || $0.cost != .zero }
            .sorted { Self.isBefore($0.values, $1.values) }
        return Array(ordered.lazy.filter { seen.isEmpty || Self.isBefore(seen, $0.values) }.prefix(limit))
    }

    private func addFolded(_ span: CalendarSpan, to rows: inout [[String]: UsageRow], _ db: Database) throws {
        let filter = UsageFilter(query)
        let sql = """
            SELECT \(groups.expressions(of: "u")) meter, SUM(requests) AS requests, SUM(units) AS units,
                SUM(cost_micro) AS micro, SUM(cost_pico) AS pico
            FROM usage_total_costs AS u WHERE bucket_start >= ? AND bucket_start < ?\(filter.condition)
            GROUP BY \(groups.names) meter
            """
        var arguments = groups.arguments + [span.start.microseconds, span.end.microseconds]
        arguments += StatementArguments(filter.arguments)
        let folded = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        while let row = try folded.next() {
            let name: String = row["meter"]
            let meter = Meter(rawValue: name)
            guard meter != nil || name.isEmpty else { throw BillingError.damaged("usage_total_costs") }
            let cost = Money(micro: row["micro"], remainder: row["pico"])
            let share = MeterShare(meter: meter, requests: row["requests"], units: row["units"], cost: cost)
            add(share, groups.values(row), to: &rows)
        }
    }

    private func add(_ share: MeterShare, _ values: [String], to rows: inout [[String]: UsageRow]) {
        guard let place = query.groups.firstIndex(of: .meter) else { return }
        var values = values
        values[place] = share.meter?.rawValue ?? ""
        var row = rows[values] ?? UsageRow(values: values, requests: 0, usage: .zero, cost: .zero)
        row.requests &+= share.requests
        if let meter = share.meter { row.usage[meter] &+= share.units }
        row.cost += share.cost
        rows[values] = row
    }

    /// Some of the entries, and what is summed of them.
    private struct Part {
        let condition: String
        let arguments: StatementArguments
        let meters: [Meter]
        /// Meters without a column of the entries before, whose cost is summed already.
        var isOthers = false
    }

    /// Parts that together have every entry of the span once, or every one that is not folded. Most lie side by side,
    /// because entries are appended as they end; the others are found by their names. Few have meters without a column,
    /// and reading those is slow.
    private func parts(of span: CalendarSpan, _ db: Database) throws -> [Part] {
        guard !query.isOverAll else {
            return Self.parts("seq > ?", [try UsageFoldStore.folded(db)])
        }
        let first = try LedgerStore.firstSequence(endedSince: span.start.microseconds, db)
        let end = try LedgerStore.firstSequence(endedSince: span.end.microseconds, db)
        let names = [
            RequestID.lowest(at: span.start.adding(milliseconds: -Self.longestBodyMS)).text,
            RequestID.lowest(at: span.end.adding(milliseconds: 1)).text,
        ]
        let outside = "(seq < ? OR seq >= ?)"
        return Self.parts("seq >= ? AND seq < ?", [first, end]) + [
            Part(
                condition: "request_id >= ? AND request_id < ? AND \(outside) AND corrects_period IS NULL",
                arguments: StatementArguments(names) + [first, end], meters: Meter.allCases),
            Part(
                condition: "corrects_period > '' AND \(outside)", arguments: [first, end], meters: Meter.allCases),
        ]
    }

    private static func parts(_ condition: String, _ arguments: StatementArguments) -> [Part] {
        [
            Part(condition: condition, arguments: arguments, meters: TokenUsage.columnMeters),
            Part(
                condition: "\(condition) AND other_meters IS NOT NULL", arguments: arguments,
                meters: TokenUsage.otherMeters, isOthers: true),
        ]
    }

    /// Sums of entries of one kind that were priced alike.
    private func entries(_ part: Part, of span: CalendarSpan, _ db: Database) throws -> RowCursor {
        let filter = UsageFilter(query)
        let cost = part.isOthers ? "0 AS micro, 0 AS pico" : MeterSumsStore.cost
        let sql = """
            SELECT \(groups.expressions(of: "u")) \(MeterSumsStore.groups),
                \(MeterSumsStore.columns(part.meters)), \(cost), COUNT(other_meters) AS others
            FROM ledger AS u
            WHERE \(part.condition) AND admitted_at >= ? AND admitted_at < ?\(filter.condition)
            GROUP BY \(groups.names) \(MeterSumsStore.groups)
            """
        var arguments = groups.arguments + part.arguments
        arguments += [span.start.microseconds, span.end.microseconds]
        arguments += StatementArguments(filter.arguments)
        return try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// By bytes, as the database orders.
    private static func isBefore(_ left: [String], _ right: [String]) -> Bool {
        for (one, other) in zip(left, right) where one != other {
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        }
        return false
    }
}
