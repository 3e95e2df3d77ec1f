import GRDB
import Tenancy

/// Usage told apart by meter. The roll-ups have one cost for all meters, so this reads the ledger's entries: units
/// times the price of the version on the entry, as they were priced.
struct MeterCostStore {
    /// A body may take hours to arrive, so a request's name may be that much older than its admission.
    static let longestBodyMS: Int64 = 12 * 3_600_000

    private let query: UsageQuery
    private let groups: UsageGroupsStore
    private let prices: [String: PriceVersion]

    init(_ query: UsageQuery, _ db: Database) throws {
        self.query = query
        groups = UsageGroupsStore(query.groups)
        let known = try BillingStore.prices(db).map { ($0.id, $0) }
        prices = Dictionary(known, uniquingKeysWith: { first, _ in first })
    }

    /// The groups of one span beyond `seen`, in order. A cost that no count explains has no meter.
    func rows(_ span: CalendarSpan, after seen: [String], limit: Int, _ db: Database) throws -> [UsageRow] {
        var rows: [[String]: UsageRow] = [:]
        var hasOthers = false
        for part in try Self.parts(of: span, db) where !part.isOthers || hasOthers {
            let entries = try entries(part, of: span, db)
            while let entry = try entries.next() {
                hasOthers = hasOthers || (entry["others"] as Int64) > 0
                add(entry, part.meters, to: &rows)
            }
        }
        let ordered = rows.values.filter { $0.requests != 0 || $0.usage != .zero || $0.cost != .zero }
            .sorted { Self.isBefore($0.values, $1.values) }
        return Array(ordered.lazy.filter { seen.isEmpty || Self.isBefore(seen, $0.values) }.prefix(limit))
    }

    /// Some of the entries, and what is summed of them.
    private struct Part {
        let condition: String
        let arguments: StatementArguments
        let meters: [Meter]
        /// Meters without a column of the entries before, whose cost is summed already.
        var isOthers = false
    }

    /// Parts that together have every entry of the span once. Most lie side by side, because entries are appended as
    /// they end; the others are found by their names. Few have meters without a column, and reading those is slow.
    private static func parts(of span: CalendarSpan, _ db: Database) throws -> [Part] {
        let first = try LedgerStore.firstSequence(endedSince: span.start.microseconds, db)
        let end = try LedgerStore.firstSequence(endedSince: span.end.microseconds, db)
        let names = [
            RequestID.lowest(at: span.start.adding(milliseconds: -longestBodyMS)).text,
            RequestID.lowest(at: span.end.adding(milliseconds: 1)).text,
        ]
        let inside = "seq >= ? AND seq < ?"
        let outside = "(seq < ? OR seq >= ?)"
        return [
            Part(condition: inside, arguments: [first, end], meters: TokenUsage.columnMeters),
            Part(
                condition: "\(inside) AND other_meters IS NOT NULL", arguments: [first, end],
                meters: TokenUsage.otherMeters, isOthers: true),
            Part(
                condition: "request_id >= ? AND request_id < ? AND \(outside) AND corrects_period IS NULL",
                arguments: StatementArguments(names) + [first, end], meters: Meter.allCases),
            Part(
                condition: "corrects_period > '' AND \(outside)", arguments: [first, end], meters: Meter.allCases),
        ]
    }

    /// Sums of entries of one kind that were priced alike.
    private func entries(_ part: Part, of span: CalendarSpan, _ db: Database) throws -> RowCursor {
        let filter = UsageFilter(query)
        let cost = part.isOthers ? "0 AS micro, 0 AS pico" : "SUM(cost / 1000000) AS micro, SUM(cost % 1000000) AS pico"
        let sql = """
            SELECT \(groups.expressions(of: "u")) price_version, multiplier_ppm, kind,
                \(Self.sums(part.meters)), \(cost), COUNT(other_meters) AS others
            FROM ledger AS u
            WHERE \(part.condition) AND admitted_at >= ? AND admitted_at < ?\(filter.condition)
            GROUP BY \(groups.names) price_version, multiplier_ppm, kind
            """
        var arguments = groups.arguments + part.arguments
        arguments += [span.start.microseconds, span.end.microseconds]
        arguments += StatementArguments(filter.arguments)
        return try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    }

    private static func sums(_ meters: [Meter]) -> String {
        meters.map { meter in
            let name = meter.rawValue
            let units = TokenUsage.columnMeters.contains(meter) ? name : "COALESCE(other_meters ->> '\(name)', 0)"
            return "SUM(\(units)) AS \(name), SUM(\(units) != 0) AS \(name)_entries"
        }.joined(separator: ", ")
    }

    private func add(_ entry: Row, _ meters: [Meter], to rows: inout [[String]: UsageRow]) {
        var values = groups.values(entry)
        let place = query.groups.firstIndex(of: .meter) ?? 0
        var rest = Money(micro: entry["micro"], remainder: entry["pico"])
        let isRequest = ["settle", "resolve"].contains(entry["kind"] as String)
        let version: String? = entry["price_version"]
        let rates = version.flatMap { prices[$0] }?.rates.scaled(ppm: entry["multiplier_ppm"])
        for meter in meters {
            let units: Int64 = entry[meter.rawValue]
            guard units != 0 else { continue }
            let cost = Money(pico: Int128(units) * Int128(rates?[meter] ?? 0))
            rest -= cost
            values[place] = meter.rawValue
            var row = rows[values] ?? UsageRow(values: values, requests: 0, usage: .zero, cost: .zero)
            if isRequest { row.requests &+= entry["\(meter.rawValue)_entries"] as Int64 }
            row.usage[meter] &+= units
            row.cost += cost
            rows[values] = row
        }
        values[place] = ""
        rows[values, default: UsageRow(values: values, requests: 0, usage: .zero, cost: .zero)].cost += rest
    }

    /// By bytes, as the database orders.
    private static func isBefore(_ left: [String], _ right: [String]) -> Bool {
        for (one, other) in zip(left, right) where one != other {
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        }
        return false
    }
}
