/// What spreadsheets make of texts.
enum SpreadsheetText {
    /// Half and full width: what begins a formula or a command.
    private static let leads: [Unicode.Scalar] = [
        "=", "+", "-", "@", "\t", "\r", "\n", "\0", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
    ]

    /// Whether a spreadsheet might run the text instead of showing it; white space before it is skipped as some do.
    static func isFormula(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard let first = scalars.first else { return false }
        if leads.contains(first) { return true }
        guard first.properties.isWhitespace || first == "\u{FEFF}" else { return false }
        let start = scalars.first { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }
        return start.map { leads.contains($0) } ?? false
    }
}
