/// Results as aligned columns for people.
enum TableText {
    /// One line an entry below a line of headings.
    static func list(_ entries: [JSONValue], columns: [String]) -> String {
        align([columns.map { $0.uppercased() }] + entries.map { entry in columns.map { cell(entry[$0]) } })
    }

    /// One line a member: the named ones first, the rest by name.
    static func entry(_ entry: JSONValue, first columns: [String]) -> String {
        let members = entry.members
        let named = columns.filter { members[$0] != nil }
        let rest = members.keys.filter { !named.contains($0) }.sorted()
        return align((named + rest).map { [$0, cell(entry[$0])] })
    }

    /// Rows below a line of headings, columns of numbers with their points below each other.
    static func rows(_ rows: [[String]], headings: [String], numbers: Set<Int>) -> String {
        var table = [headings] + rows
        for column in numbers {
            let fractions = table.map { row in
                column < row.count ? row[column].drop { $0 != "." }.count : 0
            }
            let longest = fractions.max() ?? 0
            for (index, fraction) in fractions.enumerated() where column < table[index].count && index > 0 {
                table[index][column] += String(repeating: " ", count: longest - fraction)
            }
        }
        return align(table, right: numbers)
    }

    /// Control characters must not reach the terminal.
    static func cell(_ value: JSONValue) -> String {
        let shown = value == .null ? "-" : value.plain
        return String(
            String.UnicodeScalarView(
                shown.unicodeScalars.map {
                    $0.properties.generalCategory == .control ? " " : $0
                }))
    }

    private static func align(_ rows: [[String]], right: Set<Int> = []) -> String {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            var line = row.enumerated().map { index, cell -> String in
                let space = String(repeating: " ", count: widths[index] - cell.count)
                return right.contains(index) ? space + cell : cell + space
            }.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
