import Tenancy

/// The ledger's entries of a month as JSON, one a line, as they are stored; a page is one read transaction.
struct LedgerLinesStore: ExportPart {
    /// A page is one piece of the file, some 300 KiB. Larger ones are copied as a whole on their way, and what the
    /// allocator then keeps of them adds up to more than anything else in a download.
    private static let pageSize = 500

    private let file: DatabaseFile
    private var entries: ExportEntryStore
    private var isBegun = false
    private var isOver = false
    private var instants = InstantText()
    private let reasons: [String: String]
    private(set) var count: Int64 = 0

    init(_ query: ExportQuery, _ facts: PeriodFacts, through lastSequence: Int64, _ file: DatabaseFile) {
        self.file = file
        reasons = facts.corrections.mapValues(\.reason)
        entries = ExportEntryStore(
            ExportScope(query, facts, through: lastSequence), pageSize: Self.pageSize)
    }

    mutating func next() throws -> [UInt8]? {
        if isOver { return nil }
        var bytes: [UInt8] = []
        var lines: Int64 = 0
        var instants = instants
        let (reasons, showsUpstream) = (reasons, entries.scope.isUpstream)
        func write(_ row: ColumnReaderStore) throws {
            bytes += try Self.line(row, &instants, reasons, showsUpstream: showsUpstream)
            bytes.append(UInt8(ascii: "\n"))
            lines += 1
        }
        if isBegun {
            isOver = try !GivingWayStore.read(file) { try entries.page($0, write) }
            if isOver { try GivingWayStore.read(file) { try entries.finish($0, write) } }
        } else {
            try GivingWayStore.read(file) { try entries.corrections($0, write) }
            isBegun = true
        }
        count += lines
        self.instants = instants
        return bytes
    }

    private static func line(
        _ row: ColumnReaderStore, _ instants: inout InstantText, _ reasons: [String: String], showsUpstream: Bool
    ) throws -> [UInt8] {
        typealias Column = ExportEntryStore.Column
        func money(_ column: Int32) -> String { Money(pico: Int128(row.integer(column))).decimal }
        func flag(_ column: Int32) -> String { row.integer(column) == 0 ? "false" : "true" }
        var line = JSONLine()
        line.raw("sequence", String(row.integer(Column.sequence)))
        line.text("request_id", row.text(Column.request))
        line.raw("attempt", String(row.integer(Column.attempt)))
        line.text("kind", row.text(Column.kind))
        line.text("tenant_id", row.text(Column.tenant))
        line.text("key_id", row.text(Column.key))
        line.text("model", row.text(Column.model))
        line.text("pool", row.text(Column.pool))
        line.text("backend_id", row.text(Column.backend))
        line.raw("admitted_at", instants.json(Timestamp(microseconds: row.integer(Column.admitted))))
        line.raw("ended_at", instants.json(Timestamp(microseconds: row.integer(Column.ended))))
        line.text("price_version", row.text(Column.version))
        line.raw("multiplier_ppm", String(row.integer(Column.multiplier)))
        line.text("list_cost", money(Column.listCost))
        line.text("cost", money(Column.cost))
        if showsUpstream {
            line.text("upstream_cost", row.isNull(Column.upstreamCost) ? nil : money(Column.upstreamCost))
        }
        var units = JSONLine()
        let usage = try row.usage()
        for meter in Meter.allCases where usage[meter] != 0 { units.raw(meter.rawValue, String(usage[meter])) }
        line.raw("units", units.end())
        line.text("provenance", row.text(Column.provenance))
        line.text("outcome", row.text(Column.outcome))
        line.raw("status", String(row.integer(Column.status)))
        line.raw("stream", flag(Column.stream))
        line.raw("emergency", flag(Column.emergency))
        let corrected = row.text(Column.corrects)
        line.text("corrects_period", corrected)
        line.text("reason", corrected == nil ? nil : row.text(Column.request).flatMap { reasons[$0] })
        return line.end()
    }
}
