import Tenancy

/// Results as aligned columns for people, no wider than the terminal.
struct TableText: Sendable {
    private static let gap = 2
    /// A column that can be cut keeps at least so much.
    private static let leastWidth = 12

    private struct Column {
        let name: String
        let alignment: CellText.Alignment
        /// The heading first.
        var cells: [String]
        /// Whether it is shown however narrow the terminal is.
        var isKept = false
        /// Whether it is never cut.
        var isWhole = false
        var measure: (String) -> Int = TextWidth.of

        /// Whether no entry has anything there.
        var isEmpty: Bool { cells.dropFirst().allSatisfy { $0.allSatisfy { $0 == "-" || $0 == " " } } }
        var width: Int { cells.map(measure).max() ?? 0 }
        /// Ids are for copying, numbers for reading: neither is cut.
        var mayBeCut: Bool { !isWhole && alignment == .left && name != "id" && !name.hasSuffix("_id") }
    }

    /// Columns of the terminal; nil: no limit.
    let width: Int?
    private let cell: CellText

    init(now: Timestamp, width: Int? = nil) {
        self.width = width
        cell = CellText(now: now)
    }

    /// One line an entry below a line of headings.
    ///
    /// In a narrow terminal texts are cut, and then columns left out from the right; the note says which.
    func list(_ entries: [JSONValue], columns names: [String]) -> (text: String, note: String?) {
        var columns = names.map { name in
            let values = entries.map { $0[name] }
            let alignment = CellText.alignment(name, values)
            let cells = Self.aligned(values.map { cell.text($0, of: name) }, alignment)
            return Column(
                name: name, alignment: alignment, cells: [Self.title(name)] + cells, isKept: name == names.first)
        }
        return Self.text(of: &columns, width: width)
    }

    /// Rows below a line of headings, columns of numbers with their points below each other.
    ///
    /// In a narrow terminal texts are cut, those in `whole` never, and columns left out from the right, those in `kept`
    /// never; the note says which.
    ///
    /// - Parameter measure: how wide a cell is.
    static func rows(
        _ rows: [[String]], headings: [String], numbers: Set<Int>, kept: Set<Int> = [], whole: Set<Int> = [],
        width: Int? = nil, measure: @escaping (String) -> Int = TextWidth.of
    ) -> (text: String, note: String?) {
        var columns = headings.indices.map { index in
            let alignment = numbers.contains(index) ? CellText.Alignment.point : .left
            let cells = rows.map { index < $0.count ? $0[index] : "" }
            return Column(
                name: headings[index], alignment: alignment, cells: [headings[index]] + aligned(cells, alignment),
                isKept: kept.contains(index), isWhole: whole.contains(index), measure: measure)
        }
        return text(of: &columns, width: width)
    }

    /// Writes a table to the standard output, what does not fit to the standard error.
    static func show(_ fitted: (text: String, note: String?)) {
        print(fitted.text)
        if let note = fitted.note { StandardError.write(note) }
    }

    private static func text(of columns: inout [Column], width: Int?) -> (text: String, note: String?) {
        let left = fit(&columns, to: width)
        let note = left.isEmpty ? nil : "a wider terminal also shows: \(left.joined(separator: ", "))"
        let lines = note.map { note in width.map { TextWidth.wrap(note, to: $0) } ?? [note] }
        return (text(of: columns), lines?.joined(separator: "\n"))
    }

    /// The text of one value as it stands in a cell, times exact.
    static func cell(_ value: JSONValue) -> String {
        CellText(now: nil).text(value, of: "")
    }

    /// One line a member: the named ones first, the rest by name. Amounts stand below each other by their point.
    func entry(_ entry: JSONValue, first columns: [String]) -> String {
        let members = entry.members
        let named = columns.filter { members[$0] != nil }
        let names = named + members.keys.filter { !named.contains($0) }.sorted()
        let money = names.filter { CellText.isMoney($0) }
        let amounts = Dictionary(
            uniqueKeysWithValues: zip(
                money, Self.aligned(money.map { cell.detail(entry[$0], of: $0) }, .point, trailing: false)))
        let margin = (names.map(TextWidth.of).max() ?? 0) + Self.gap
        return names.flatMap { name in
            let text = amounts[name] ?? cell.detail(entry[name], of: name)
            let lines = amounts[name] == nil ? wrap(text, beside: margin) : [text]
            return lines.enumerated().map { index, line in
                Self.padded(index == 0 ? name : "", to: margin) + line
            }
        }.joined(separator: "\n")
    }

    private func wrap(_ text: String, beside margin: Int) -> [String] {
        guard let width, width - margin >= Self.leastWidth else { return [text] }
        return TextWidth.wrap(text, to: width - margin)
    }

    // MARK: Width

    /// Leaves out what is empty, cuts texts, the widest first, then leaves columns out; the names of those.
    private static func fit(_ columns: inout [Column], to width: Int?) -> [String] {
        guard let width else { return [] }
        var left: [String] = []
        while excess(columns, width) > 0, let empty = columns.lastIndex(where: { $0.isEmpty && !$0.isKept }) {
            columns.remove(at: empty)
        }
        while excess(columns, width) > 0 {
            let cuttable = columns.indices.filter { columns[$0].mayBeCut && columns[$0].width > Self.leastWidth }
            let room = cuttable.reduce(0) { $0 + columns[$1].width - Self.leastWidth }
            let widest = cuttable.max { columns[$0].width < columns[$1].width }
            if room >= excess(columns, width), let widest {
                let limit = max(Self.leastWidth, columns[widest].width - excess(columns, width))
                columns[widest].cells = columns[widest].cells.map { TextWidth.cut($0, to: limit) }
            } else if let last = columns.lastIndex(where: { !$0.isKept }) {
                left.insert(columns.remove(at: last).name, at: 0)
            } else {
                break
            }
        }
        return left
    }

    private static func excess(_ columns: [Column], _ width: Int) -> Int {
        columns.reduce(-Self.gap) { $0 + $1.width + Self.gap } - width
    }

    // MARK: Text

    /// `created_at` is CREATED, `limit` is LIMIT USD.
    private static func title(_ name: String) -> String {
        var title = name
        for suffix in ["_at", "_from"] where title.hasSuffix(suffix) { title.removeLast(suffix.count) }
        return title.uppercased() + (CellText.isMoney(name) ? " USD" : "")
    }

    /// Cells of one column padded so that their decimal points stand below each other.
    private static func aligned(
        _ cells: [String], _ alignment: CellText.Alignment, trailing: Bool = true
    ) -> [String] {
        guard alignment == .point else { return cells }
        let parts = cells.map { cell in
            let whole = cell.prefix { $0 != "." && $0 != " " }
            return (whole: String(whole), rest: String(cell.dropFirst(whole.count)))
        }
        let whole = parts.map { $0.whole.count }.max() ?? 0
        let rest = parts.map { $0.rest.count }.max() ?? 0
        return parts.map { part in
            let text = padded(part.whole, to: whole, right: true)
            return text + (trailing ? padded(part.rest, to: rest) : part.rest)
        }
    }

    private static func text(of columns: [Column]) -> String {
        guard let first = columns.first else { return "" }
        let measured = columns.map { (column: $0, width: $0.width) }
        return first.cells.indices.map { row in
            line(measured.map { padded($0.column.cells[row], to: $0.width, right: $0.column.alignment != .left) })
        }.joined(separator: "\n")
    }

    /// The text with spaces behind it, or before it, up to a width; one that is wider stays as it is.
    static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - TextWidth.of(text)))
        return right ? padding + text : text + padding
    }

    private static func line(_ cells: [String]) -> String {
        var line = cells.joined(separator: String(repeating: " ", count: gap))
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
