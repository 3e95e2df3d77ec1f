import Tenancy

/// Makes a month's manifest: writes every file once, and keeps only what they come to.
final class ManifestExport: ExportPart {
    private enum Step {
        case rows, lines, over
    }

    private let query: ExportQuery
    private let facts: PeriodFacts
    private let previous: PreviousManifest?
    private let lastSequence: Int64
    private var rows: ExportRowsStore
    private var lines: LedgerLinesStore
    private var csv: HashedFile<LedgerCSV>
    private var focus12: HashedFile<FocusCSV>
    private var focus14: HashedFile<FocusCSV>
    private var invoices: HashedFile<FocusInvoiceCSV>
    private var statement: HashedFile<StatementPage>
    private var linesDigest = DigestStream()
    private var versions: Set<String> = []
    private var totals: [String: ExportTotals] = [:]
    private var step = Step.rows

    init(
        _ query: ExportQuery, _ facts: PeriodFacts, after previous: PreviousManifest?, through lastSequence: Int64,
        _ file: DatabaseFile
    ) throws {
        self.query = query
        self.facts = facts
        self.previous = previous
        self.lastSequence = lastSequence
        rows = try ExportRowsStore(query, facts, through: lastSequence, file)
        lines = LedgerLinesStore(query, facts, through: lastSequence, file)
        csv = try HashedFile(LedgerCSV(query, facts))
        focus12 = try HashedFile(FocusCSV(.v12, query, facts))
        focus14 = try HashedFile(FocusCSV(.v14, query, facts))
        invoices = try HashedFile(FocusInvoiceCSV(query, facts))
        statement = try HashedFile(StatementPage(query, facts))
    }

    func next() throws -> [UInt8]? {
        switch step {
        case .rows:
            guard let next = try rows.next() else {
                step = .lines
                return []
            }
            for row in next {
                totals[row.tenantID, default: ExportTotals()].add(row)
                versions.formUnion([row.priceVersion, row.listVersion].compactMap { $0 })
            }
            for row in next {
                try csv.add([row])
                try focus12.add([row])
                try focus14.add([row])
                try invoices.add([row])
                try statement.add([row])
                WorkerThread.giveWay()
            }
            return []
        case .lines:
            if let piece = try lines.next() {
                linesDigest.add(piece)
                return []
            }
            step = .over
            return try manifest().bytes
        case .over:
            return nil
        }
    }

    private func manifest() throws -> ExportManifest {
        var files: [ExportManifest.File] = []
        files.append(try csv.finish(name(.csv), .csv))
        files.append(
            ExportManifest.File(
                name: name(.jsonl), format: .jsonl, dataset: nil, rows: lines.count, bytes: linesDigest.count,
                sha256: linesDigest.finish()))
        files.append(try focus12.finish(name(.focus12), .focus12))
        files.append(try focus14.finish(name(.focus14), .focus14, .costAndUsage))
        var period = FocusPeriodCSV(facts)
        var digest = DigestStream()
        while let piece = period.next() { digest.add(piece) }
        files.append(
            ExportManifest.File(
                name: name(.focus14, .billingPeriod), format: .focus14, dataset: .billingPeriod, rows: 1,
                bytes: digest.count, sha256: digest.finish()))
        if query.view == .tenant {
            files.append(
                try invoices.finish(name(.focus14, .invoiceDetail), .focus14, .invoiceDetail))
            files.append(try statement.finish(name(.statement), .statement))
        }
        let totals = totals.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return ExportManifest(
            query: query, facts: facts, previous: previous, lastSequence: lastSequence, entries: lines.count,
            files: files,
            totals: totals.map { (tenantID: $0.key, totals: $0.value) },
            notes: ExportNotes(query, facts, versions: versions))
    }

    private func name(_ format: ExportFormat, _ dataset: FocusDataset = .costAndUsage) -> String {
        var query = query
        query.format = format
        query.dataset = dataset
        return query.fileName(month: facts.period.month.text)
    }
}
