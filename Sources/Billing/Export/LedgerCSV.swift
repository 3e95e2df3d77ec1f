import Tenancy

/// The rows of a month as a plain table.
struct LedgerCSV: ExportEncoder {
    private static let columns = [
        "date", "tenant_id", "tenant", "pool", "model", "meter", "kind", "price_version", "list_version", "currency",
        "requests",
        "units", "estimated_units", "list_unit_price", "unit_price", "list_cost", "cost", "billed", "corrects_period",
        "correction_id", "reason", "credit_id", "tags",
    ]
    private static let keyColumns = ["key_id", "key"]
    private static let upstreamColumns = ["backend_id", "backend", "upstream_cost", "unpriced_requests"]

    private let query: ExportQuery
    private let facts: PeriodFacts
    private var line: CSVLine
    private(set) var count: Int64 = 0

    init(_ query: ExportQuery, _ facts: PeriodFacts) {
        self.query = query
        self.facts = facts
        line = CSVLine(decimal: query.decimal)
    }

    mutating func begin() -> [UInt8] {
        let columns =
            Self.columns + (query.isByKey ? Self.keyColumns : [])
            + (query.view == .upstream ? Self.upstreamColumns : [])
        for column in columns { line.text(column) }
        line.end()
        let mark: [UInt8] = query.profile == .excel ? [0xEF, 0xBB, 0xBF] : []
        return mark + line.take()
    }

    mutating func rows(_ rows: [ExportRow]) -> [UInt8] {
        for row in rows { write(row) }
        count += Int64(rows.count)
        return line.take()
    }

    private mutating func write(_ row: ExportRow) {
        let isUsage = row.kind == .usage
        let isPriced = isUsage && row.meter != nil
        line.text(row.dayText)
        line.text(row.tenantID)
        line.text(facts.tenants[row.tenantID]?.name)
        line.text(row.pool)
        line.text(row.model)
        line.text(row.meter?.rawValue)
        line.text(row.kind.rawValue)
        line.text(row.priceVersion)
        line.text(row.listVersion)
        line.text(facts.party.currency)
        line.number(String(row.requests))
        line.number(isUsage ? String(row.units) : nil)
        line.number(isUsage ? String(row.estimatedUnits) : nil)
        line.number(isPriced ? row.listUnitPrice.decimal : nil)
        line.number(isPriced ? row.unitPrice.decimal : nil)
        line.number(row.listCost.decimal)
        line.number(row.cost.decimal)
        line.number(row.billed.decimal)
        line.text(row.correctsPeriod)
        line.text(row.correctionID)
        line.text(row.correctionID.flatMap { facts.corrections[$0]?.reason })
        line.text(row.creditID)
        line.text(facts.tags(of: row).isEmpty ? nil : JSONLine.object(facts.tags(of: row)))
        if query.isByKey {
            line.text(row.keyID)
            line.text(row.keyID.flatMap { facts.keys[$0]?.name })
        }
        if query.view == .upstream {
            line.text(row.backendID)
            line.text(row.backendID.flatMap { facts.backends[$0]?.name })
            line.number(row.upstreamCost?.decimal)
            line.number(String(row.unpriced))
        }
        line.end()
    }
}

extension ExportRow {
    /// `2026-11-30`.
    var dayText: String { String(day.rfc3339.prefix(10)) }

    /// The row of a credit.
    init(_ credit: CreditFact) {
        let start = RollUpSums.start(of: credit.createdAt, span: RollUpSums.day)
        self.init(
            kind: credit.kind == .prepaid ? .purchase : .credit, day: Timestamp(microseconds: start),
            tenantID: credit.tenantID)
        billed = credit.kind == .prepaid ? credit.amount : .zero - credit.amount
        creditID = credit.id
    }
}

extension PeriodFacts {
    /// The labels of a row's tenant and, where keys are told apart, of its key; the key's own come first.
    func tags(of row: ExportRow) -> [String: String] {
        let own = row.keyID.flatMap { keys[$0]?.tags } ?? [:]
        return own.merging(tenants[row.tenantID]?.tags ?? [:]) { own, _ in own }
    }
}
