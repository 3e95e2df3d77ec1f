import GRDB
import Tenancy

/// A month's rows, in steps of one short read transaction each.
struct ExportRowsStore {
    private enum Step {
        case corrections
        case pages
        case end
    }

    /// Only their sums stay in memory; after each page all sums are looked at.
    private static let pageSize = 5000

    private let file: DatabaseFile
    private let scope: ExportScope
    private var entries: ExportEntryStore
    private var days: ExportDays
    private var step = Step.corrections

    init(_ query: ExportQuery, _ facts: PeriodFacts, through lastSequence: Int64, _ file: DatabaseFile) throws {
        self.file = file
        scope = ExportScope(query, facts, through: lastSequence)
        entries = ExportEntryStore(scope, pageSize: Self.pageSize)
        // Some keys of a tenant are no invoice: there a credit would count in two files.
        let isWhole = query.tag == nil && query.view == .tenant
        let credits = isWhole ? facts.credits.filter { query.tenantID == nil || query.tenantID == $0.tenantID } : []
        let scope = scope
        var drawn: [String: Money] = [:]
        if isWhole {
            drawn =
                try facts.period.status == .closed
                ? facts.draws
                : GivingWayStore.read(file) {
                    try PrepaidStore.drawn($0, scope.month, through: lastSequence, tenantID: scope.tenantID)
                }
        }
        days = ExportDays(
            try ExportPricing(facts.prices), isUpstream: scope.isUpstream, credits: credits.map(ExportRow.init),
            prepaid: PrepaidDraw(drawn))
    }

    /// The next rows, perhaps none yet; nil after the last. Throws `DatabaseError` or `ExportError`.
    mutating func next() throws -> [ExportRow]? {
        switch step {
        case .corrections:
            try GivingWayStore.read(file) { db in
                try entries.corrections(db) { try days.add($0, scope) }
            }
            step = .pages
            return []
        case .pages:
            let isMore = try GivingWayStore.read(file) { db in
                try entries.page(db) { try days.add($0, scope) }
            }
            guard isMore else {
                step = .end
                try GivingWayStore.read(file) { db in try entries.finish(db) { try days.add($0, scope) } }
                return try days.finish(before: nil)
            }
            return try finishedDays()
        case .end:
            return nil
        }
    }

    /// No later request can have been admitted on a day that ended before the last one's name was made.
    private mutating func finishedDays() throws -> [ExportRow] {
        guard let last = entries.last, let oldest = days.oldest else { return [] }
        // A damaged row may be of any day: what is from before the month waits for its first, so that days are few.
        let first = RollUpSums.start(of: scope.month.start, span: RollUpSums.day) / RollUpSums.day
        var day = max(oldest + 1, first - 1)
        guard last > Self.name(ofDay: day) else { return [] }
        while last > Self.name(ofDay: day + 1) { day += 1 }
        return try days.finish(before: day)
    }

    /// The lowest name of a request that was named after that day began.
    private static func name(ofDay day: Int64) -> String {
        let start = Timestamp(microseconds: 0).adding(milliseconds: day * (RollUpSums.day / 1000) + 1)
        return RequestID.lowest(at: start).text
    }
}

extension ExportDays {
    /// Adds a row of the ledger.
    mutating func add(_ row: ColumnReaderStore, _ scope: ExportScope) throws {
        typealias Column = ExportEntryStore.Column
        func number(_ column: Int32) -> Int32 { row.text(column).map { names.number($0) } ?? ExportNames.none }
        let admitted = row.integer(Column.admitted)
        let kind = row.text(Column.kind)
        let usage = try row.usage()
        var listVersion = ExportNames.none
        if !scope.isUpstream, hasAgreements, let version = row.text(Column.version),
            let found = self.listVersion(
                beside: version, inputTokens: usage.inputTotal, at: Timestamp(microseconds: admitted))
        {
            listVersion = names.number(found)
        }
        let group = ExportGroup(
            day: RollUpSums.start(of: Timestamp(microseconds: admitted), span: RollUpSums.day) / RollUpSums.day,
            tenant: number(Column.tenant),
            key: scope.isByKey ? number(Column.key) : ExportNames.none,
            pool: number(Column.pool), model: number(Column.model),
            backend: scope.isUpstream ? number(Column.backend) : ExportNames.none,
            version: scope.isUpstream ? ExportNames.none : number(Column.version),
            listVersion: listVersion, corrects: number(Column.corrects),
            correction: kind == "correction" ? number(Column.request) : ExportNames.none,
            multiplierPPM: scope.isUpstream ? 0 : row.integer(Column.multiplier))
        // `estimated` and `partial`; the others begin with r and n.
        let isEstimated = row.begins(Column.provenance, with: "e") || row.begins(Column.provenance, with: "p")
        add(
            ExportEntry(
                group: group, isRequest: kind == "settle" || kind == "resolve", isEstimated: isEstimated,
                usage: usage, cost: row.integer(Column.cost), listCost: row.integer(Column.listCost),
                upstreamCost: row.isNull(Column.upstreamCost) ? nil : row.integer(Column.upstreamCost)))
    }
}
