/// Reads RFC 4180 piece by piece: lines that end with CR LF, cells in quotes where need be.
struct CSVReader {
    private let separator: UInt8
    private var cells: [String] = []
    private var cell: [UInt8] = []
    private var isQuoted = false
    private var hasQuote = false
    /// Bytes of the line that has not ended.
    private var length = 0

    /// Whether a line was longer than the reader takes; nothing is read from there on.
    private(set) var isOverlong = false

    init(separator: UInt8 = UInt8(ascii: ",")) {
        self.separator = separator
    }

    /// The lines that end in these bytes.
    mutating func lines(_ bytes: some Sequence<UInt8>) -> [[String]] {
        var lines: [[String]] = []
        for byte in bytes {
            guard length < RowTotals.longestLine else {
                isOverlong = true
                return lines
            }
            length += 1
            if isQuoted {
                if hasQuote {
                    hasQuote = false
                    if byte == UInt8(ascii: "\"") {
                        cell.append(byte)
                        continue
                    }
                    isQuoted = false
                } else {
                    if byte == UInt8(ascii: "\"") { hasQuote = true } else { cell.append(byte) }
                    continue
                }
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.isEmpty: isQuoted = true
            case separator: endCell()
            case UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"):
                endCell()
                lines.append(cells)
                // To keep the room would be to keep it for each line: they would all be as wide as the widest.
                cells = []
                length = 0
            default: cell.append(byte)
            }
        }
        return lines
    }

    private mutating func endCell() {
        cells.append(String(decoding: cell, as: UTF8.self))
        cell.removeAll(keepingCapacity: true)
    }
}
