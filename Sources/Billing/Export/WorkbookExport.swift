import Tenancy

/// A month as a workbook: Summary, Tenants, Models, Daily, Corrections, Manifest.
///
/// The rows go to disk as they come; only sums stay in memory.
struct WorkbookExport: ExportPart {
    private static let pieceSize = 128 << 10

    private enum Step {
        case rows, sending, over
    }

    private let facts: PeriodFacts
    private var rows: ExportRowsStore
    private let spool: SpoolFile
    private let file: WorkbookFile
    private var sheets: WorkbookSheets
    private var step = Step.rows

    init(_ query: ExportQuery, _ facts: PeriodFacts, _ rows: ExportRowsStore, through sequence: Int64) throws {
        self.facts = facts
        self.rows = rows
        spool = try SpoolFile()
        file = try WorkbookFile(
            path: spool.path, title: "\(facts.party.issuer) \(facts.period.month)", author: facts.party.issuer,
            created: facts.documentDate.seconds)
        sheets = try WorkbookSheets(file, query, facts, through: sequence)
    }

    mutating func next() throws -> [UInt8]? {
        switch step {
        case .rows:
            if let next = try rows.next() {
                for row in next {
                    try sheets.add(row)
                    WorkerThread.giveWay()
                }
            } else {
                try sheets.finish()
                try file.close()
                step = .sending
            }
            return []
        case .sending:
            if let piece = try spool.read(atMost: Self.pieceSize) { return piece }
            step = .over
            return nil
        case .over:
            return nil
        }
    }
}
