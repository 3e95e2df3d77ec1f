import CXlsxWriter

/// An xlsx file in the making, in the file at `path`. Every text is written as one, so none can become a formula.
///
/// Used by one thread at a time.
final class WorkbookFile {
    /// How a cell looks.
    enum Style: CaseIterable {
        case plain, heading, amount, whole, date
    }

    private let workbook: UnsafeMutablePointer<lxw_workbook>
    private var formats: [Style: UnsafeMutablePointer<lxw_format>] = [:]
    private let rowsAtMost: UInt32
    private var isClosed = false

    /// - Parameter created: the date in the file's properties, in seconds since 1970.
    init(
        path: String, title: String, author: String, created: Int64, rowsAtMost: UInt32 = WorkbookSheet.rowsAtMost
    ) throws(ExportError) {
        self.rowsAtMost = rowsAtMost
        guard let workbook = cxlsx_workbook(path) else { throw .workbook("no workbook") }
        self.workbook = workbook
        cxlsx_properties(workbook, title, author, Int(clamping: created))
        for style in Style.allCases {
            guard let format = workbook_add_format(workbook) else { throw .workbook("no format") }
            switch style {
            case .plain: break
            case .heading:
                format_set_bold(format)
                format_set_bottom(format, UInt8(LXW_BORDER_THIN.rawValue))
            case .amount: format_set_num_format(format, "0.000000")
            case .whole: format_set_num_format(format, "0")
            case .date: format_set_num_format(format, "yyyy-mm-dd")
            }
            formats[style] = format
        }
    }

    deinit {
        // Frees it all; the file is of no use then.
        if !isClosed { workbook_close(workbook) }
    }

    /// A new last sheet with a line of headings that stays in view.
    func sheet(_ name: String, columns: [WorkbookColumn]) throws(ExportError) -> WorkbookSheet {
        guard let sheet = workbook_add_worksheet(workbook, name) else { throw .workbook("no sheet \(name)") }
        for (place, column) in columns.enumerated() {
            let place = UInt16(clamping: place)
            cxlsx_width(sheet, place, place, Int32(clamping: column.width))
            try write(column.name, .heading, to: sheet, row: 0, column: place)
        }
        worksheet_freeze_panes(sheet, 1, 0)
        return WorkbookSheet(file: self, sheet: sheet, columns: columns, rowsAtMost: rowsAtMost)
    }

    /// Writes one cell; nothing for an empty text.
    func write(
        _ text: String, _ style: Style, to sheet: UnsafeMutablePointer<lxw_worksheet>, row: UInt32, column: UInt16
    ) throws(ExportError) {
        guard !text.isEmpty else { return }
        let format = style == .plain ? nil : formats[style]
        let error =
            switch style {
            case .plain, .heading: worksheet_write_string(sheet, row, column, Self.clean(text), format)
            case .amount, .whole, .date: cxlsx_number(sheet, row, column, text, format)
            }
        guard error == LXW_NO_ERROR else { throw .workbook(String(cString: lxw_strerror(error))) }
    }

    /// Writes the file; nothing can be added after it.
    func close() throws(ExportError) {
        isClosed = true
        let error = workbook_close(workbook)
        guard error == LXW_NO_ERROR else { throw .workbook(String(cString: lxw_strerror(error))) }
    }

    /// XML 1.0 has no place for most control characters.
    private static func clean(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.value < 0x20 && !["\t", "\n", "\r"].contains(scalar) ? "\u{FFFD}" : scalar
                }))
    }
}
