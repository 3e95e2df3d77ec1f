/// How many columns of a terminal a text takes.
enum TextWidth {
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0x1F300...0x1FAFF, 0x20000...0x3FFFD,
    ]

    /// Two for each wide character, one for each other.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// The text, with an ellipsis at its end if it must be cut to `width`.
    static func cut(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        var kept = ""
        var taken = 0
        for character in text {
            guard taken + of(character) < width else { break }
            kept.append(character)
            taken += of(character)
        }
        return kept + "…"
    }

    /// The text in lines of at most `width`, broken at spaces where there are any.
    static func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ").map(String.init) {
            let joined = line.isEmpty ? word : "\(line) \(word)"
            if of(joined) <= width || line.isEmpty {
                line = joined
            } else {
                lines.append(line)
                line = word
            }
        }
        return lines + [line]
    }

    private static func of(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
}
