import GRDB
import Tenancy

/// Reads a month's entries page by page, each in a read transaction of its own.
///
/// Entries are read in the order of their requests' names, which is nearly the order of their days, so that a day can
/// be finished soon after it was read. Corrections come first: they may be of any day. Entries whose names are of
/// another time than the month (the clock was set back, the machine was suspended) come last.
struct ExportEntryStore {
    let scope: ExportScope
    /// Entries one read transaction looks at.
    private let pageSize: Int
    /// The request the last page ended with; nil before the first one.
    private(set) var last: String?
    /// Entries read so far, whether they were wanted or not.
    private(set) var count: Int64 = 0

    /// Requests that can have been admitted in the month have names between these, unless a clock was wrong.
    private let names: (first: String, end: String)

    init(_ scope: ExportScope, pageSize: Int) {
        self.scope = scope
        self.pageSize = pageSize
        names = (
            first: RequestID.lowest(at: scope.month.start.adding(milliseconds: -MeterCostStore.longestBodyMS)).text,
            end: RequestID.lowest(at: scope.month.end.adding(milliseconds: 1)).text
        )
    }

    /// Hands over the entries that no page had because of their names. Throws `ExportError.entriesMissing` if then
    /// other than all of the month's entries were read: with one too few or too many a file would be a wrong invoice;
    /// `BillingError.damaged` for an entry with a sequence that only damage can have made.
    mutating func finish(_ db: Database, _ body: (ColumnReaderStore) throws -> Void) throws {
        let beyond = try Int64.fetchOne(
            db, sql: "SELECT MAX(seq) FROM ledger WHERE period = ? AND seq >= 1 << 62", arguments: [scope.month.text])
        if let beyond { throw BillingError.damaged("ledger, sequence \(beyond)") }
        if try missing(db) == 0 { return }
        let reader = try ColumnReaderStore(
            Self.sql(
                from: "ledger INDEXED BY ledger_period",
                where: """
                    period = ? AND corrects_period IS NULL AND seq <= ? AND (request_id <= ? OR request_id >= ?)
                    """),
            [scope.month.text, scope.lastSequence, names.first, names.end], db)
        while try reader.next() { try take(reader, body) }
        let left = try missing(db)
        guard left == 0 else { throw ExportError.entriesMissing(left) }
    }

    private func missing(_ db: Database) throws -> Int64 {
        let total =
            try Int64.fetchOne(
                db, sql: "SELECT COUNT(*) FROM ledger WHERE period = ? AND seq <= ?",
                arguments: [scope.month.text, scope.lastSequence]) ?? 0
        return total - count
    }

    // MARK: Pages

    /// Hands over every entry that corrects another month.
    mutating func corrections(_ db: Database, _ body: (ColumnReaderStore) throws -> Void) throws {
        let reader = try ColumnReaderStore(
            Self.sql(
                from: "ledger INDEXED BY ledger_corrections",
                where: "corrects_period IS NOT NULL AND period = ? AND seq <= ?"),
            [scope.month.text, scope.lastSequence], db)
        while try reader.next() { try take(reader, body) }
    }

    /// Hands over the next page of the month's own entries; false if there was none left.
    mutating func page(_ db: Database, _ body: (ColumnReaderStore) throws -> Void) throws -> Bool {
        // The month's own index would have the whole month sorted for every page; a plus keeps SQLite from it.
        let reader = try ColumnReaderStore(
            Self.sql(
                from: "ledger",
                where: """
                    request_id > ? AND request_id < ? AND +period = ? AND corrects_period IS NULL AND seq <= ?
                    """),
            [last ?? names.first, names.end, scope.month.text, scope.lastSequence], db)
        var read = 0
        var request = last
        while try reader.next() {
            let id = reader.text(Column.request)
            // All entries of one request are on one page.
            if read >= pageSize, id != request { break }
            request = id
            read += 1
            try take(reader, body)
        }
        last = request
        return read > 0
    }

    private mutating func take(_ reader: ColumnReaderStore, _ body: (ColumnReaderStore) throws -> Void) throws {
        count += 1
        let tenant = reader.text(Column.tenant) ?? ""
        if let wanted = scope.tenantID, wanted != tenant { return }
        guard scope.tag == nil || scope.includes(tenantID: tenant, keyID: reader.text(Column.key) ?? "") else { return }
        try body(reader)
    }

    /// The places of the columns in a page.
    enum Column {
        static let request: Int32 = 0
        static let attempt: Int32 = 1
        static let kind: Int32 = 2
        static let tenant: Int32 = 3
        static let key: Int32 = 4
        static let model: Int32 = 5
        static let pool: Int32 = 6
        static let backend: Int32 = 7
        static let admitted: Int32 = 8
        static let ended: Int32 = 9
        static let version: Int32 = 10
        static let multiplier: Int32 = 11
        static let listCost: Int32 = 12
        static let cost: Int32 = 13
        static let upstreamCost: Int32 = 14
        static let provenance: Int32 = 15
        static let outcome: Int32 = 16
        static let status: Int32 = 17
        static let stream: Int32 = 18
        static let emergency: Int32 = 19
        static let corrects: Int32 = 20
        static let sequence: Int32 = 21
        static let otherMeters: Int32 = 22
        /// The first of the meters that have columns.
        static let usage: Int32 = 23
    }

    private static func sql(from table: String, where condition: String) -> String {
        """
        SELECT request_id, attempt, kind, tenant_id, key_id, model, pool, backend_id, admitted_at, ended_at,
            price_version, multiplier_ppm, list_cost, cost, upstream_cost, provenance, outcome, status, stream,
            emergency, corrects_period, seq, other_meters,
            \(TokenUsage.columnMeters.map(\.rawValue).joined(separator: ", "))
        FROM \(table) WHERE \(condition) ORDER BY request_id, attempt, kind
        """
    }
}

extension ColumnReaderStore {
    /// Every meter of the entry. Throws `BillingError.damaged` for meters that cannot be read.
    func usage() throws(BillingError) -> TokenUsage {
        var usage = TokenUsage.zero
        for (place, meter) in TokenUsage.columnMeters.enumerated() {
            usage[meter] = integer(ExportEntryStore.Column.usage + Int32(place))
        }
        if let text = text(ExportEntryStore.Column.otherMeters), !usage.readOtherMeters(text) {
            throw .damaged("ledger, sequence \(integer(ExportEntryStore.Column.sequence))")
        }
        return usage
    }
}
