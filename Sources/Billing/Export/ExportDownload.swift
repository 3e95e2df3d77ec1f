import Synchronization
public import Tenancy

/// One download of a month: bytes piece by piece, with memory that does not grow with the month.
///
/// The same month, query and last entry give the same bytes, unless names or labels of a month that is not closed
/// change in between. Used by one caller at a time.
public final class ExportDownload: Sendable {
    private let part: Mutex<any ExportPart>

    /// The month's file; `lastSequence` is the last entry that counts. Throws `DatabaseError` or `ExportError`.
    public convenience init(
        _ query: ExportQuery,
        _ facts: PeriodFacts,
        through lastSequence: Int64,
        file: DatabaseFile,
        isCompressed: Bool = false
    ) throws {
        let part = try Self.part(query, facts, through: lastSequence, file)
        self.init(isCompressed ? try CompressedExport(part) : part)
    }

    private static func part(
        _ query: ExportQuery, _ facts: PeriodFacts, through lastSequence: Int64, _ file: DatabaseFile
    ) throws -> any ExportPart {
        switch facts.formatVersion {
        case 1: return try versionOne(query, facts, through: lastSequence, file)
        default: throw ExportError.unknownFormatVersion(facts.formatVersion)
        }
    }

    /// The writers of `format_version` 1, whose bytes `ExportDigestTests` pins. One that must write anything else
    /// becomes version 2 beside them.
    private static func versionOne(
        _ query: ExportQuery, _ facts: PeriodFacts, through lastSequence: Int64, _ file: DatabaseFile
    ) throws -> any ExportPart {
        func rows() throws -> ExportRowsStore {
            try ExportRowsStore(query, facts, through: lastSequence, file)
        }
        switch (query.format, query.dataset) {
        case (.csv, _): return TableExport(try rows(), LedgerCSV(query, facts))
        case (.jsonl, _): return LedgerLinesStore(query, facts, through: lastSequence, file)
        case (.focus12, _): return TableExport(try rows(), FocusCSV(.v12, query, facts))
        case (.focus14, .costAndUsage): return TableExport(try rows(), FocusCSV(.v14, query, facts))
        case (.focus14, .billingPeriod): return FocusPeriodCSV(facts)
        case (.focus14, .invoiceDetail): return TableExport(try rows(), FocusInvoiceCSV(query, facts))
        case (.xlsx, _): return try WorkbookExport(query, facts, try rows(), through: lastSequence)
        case (.statement, _): return TableExport(try rows(), StatementPage(query, facts))
        }
    }

    private init(_ part: sending any ExportPart) {
        self.part = Mutex(part)
    }

    /// The manifest of a month's files under a query's filters, as one piece after many that are empty; a closed
    /// month's comes from the shelf once it was made. `previous` is what `ExportManifestStore` says of these facts.
    public static func manifest(
        _ query: ExportQuery, _ facts: PeriodFacts, after previous: PreviousManifest?, through lastSequence: Int64,
        file: DatabaseFile,
        shelf: ManifestShelf = ManifestShelf()
    ) throws -> ExportDownload {
        guard facts.formatVersion == 1 else { throw ExportError.unknownFormatVersion(facts.formatVersion) }
        let made: @Sendable () throws -> any ExportPart = {
            try ManifestExport(query, facts, after: previous, through: lastSequence, file)
        }
        guard let name = ManifestShelf.name(query, facts) else { return ExportDownload(try made()) }
        return ExportDownload(KeptManifest(shelf, name, made))
    }

    /// The next bytes, perhaps none yet; nil after the last. Blocks for some ten milliseconds while a page is read and
    /// written. Throws `DatabaseError` or `ExportError`.
    public func next() throws -> [UInt8]? {
        try part.withLock { try $0.next() }
    }
}
