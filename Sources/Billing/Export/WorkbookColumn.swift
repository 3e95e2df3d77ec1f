/// A column of a sheet.
struct WorkbookColumn {
    let name: String
    let style: WorkbookFile.Style
    /// In characters.
    let width: Int

    init(_ name: String, _ style: WorkbookFile.Style = .plain, width: Int = 16) {
        self.name = name
        self.style = style
        self.width = width
    }

    /// An amount to calculate with, and beside it the same to the last digit.
    static func amount(_ name: String) -> [WorkbookColumn] {
        [WorkbookColumn(name, .amount), WorkbookColumn(name + "_exact", width: 20)]
    }
}
