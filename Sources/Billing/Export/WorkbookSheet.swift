import CXlsxWriter

/// One sheet of a workbook, filled row by row.
struct WorkbookSheet {
    /// Rows a sheet can have, the headings included.
    static let rowsAtMost: UInt32 = 1_048_576

    private let file: WorkbookFile
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let columns: [WorkbookColumn]
    private let rowsAtMost: UInt32
    private var row: UInt32 = 1

    init(
        file: WorkbookFile, sheet: UnsafeMutablePointer<lxw_worksheet>, columns: [WorkbookColumn],
        rowsAtMost: UInt32
    ) {
        self.rowsAtMost = rowsAtMost
        self.file = file
        self.sheet = sheet
        self.columns = columns
    }

    /// Whether another row needs another sheet.
    var isFull: Bool { row >= rowsAtMost }

    /// Writes the next row, a text for each column.
    mutating func add(_ cells: [String]) throws(ExportError) {
        for (place, cell) in cells.enumerated() where place < columns.count {
            try file.write(cell, columns[place].style, to: sheet, row: row, column: UInt16(clamping: place))
        }
        row += 1
    }

    /// Puts filters on the headings; no row is added after it.
    func finish() {
        worksheet_autofilter(sheet, 0, 0, max(1, row) - 1, UInt16(clamping: max(1, columns.count) - 1))
    }
}
