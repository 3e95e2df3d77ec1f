/// Appends cells of RFC 4180 to bytes.
struct CSVLine {
    private(set) var bytes: [UInt8] = []
    private let separator: UInt8
    private let hasDecimalComma: Bool
    private var isFirst = true

    init(decimal: ExportQuery.Decimal = .point) {
        hasDecimalComma = decimal == .comma
        separator = hasDecimalComma ? UInt8(ascii: ";") : UInt8(ascii: ",")
    }

    /// A text. One that a spreadsheet would take for a formula is shown behind an apostrophe; names that the Admin API
    /// accepted never are.
    mutating func text(_ text: String?) {
        next()
        guard let text, !text.isEmpty else { return }
        if SpreadsheetText.isFormula(text) { quoted("'" + text) } else { quoted(text) }
    }

    /// A number as it is; nothing for nil.
    mutating func number(_ digits: String?) {
        next()
        guard let digits else { return }
        guard hasDecimalComma else {
            bytes += digits.utf8
            return
        }
        bytes += digits.utf8.lazy.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: ",") : $0 }
    }

    /// A cell with nothing in it.
    mutating func empty() { next() }

    /// Ends the line.
    mutating func end() {
        bytes += [0x0D, 0x0A]
        isFirst = true
    }

    /// Takes what was written so far.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func next() {
        if isFirst { isFirst = false } else { bytes.append(separator) }
    }

    private mutating func quoted(_ text: String) {
        let needsQuotes = text.utf8.contains { byte in
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\""), 0..<0x20: true
            default: false
            }
        }
        // White space at the ends is kept by every reader only between quotes.
        guard needsQuotes || text.utf8.first == 0x20 || text.utf8.last == 0x20 else {
            bytes += text.utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
