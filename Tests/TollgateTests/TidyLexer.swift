/// Splits Swift source into code, string contents and comments: three texts of the same length, blank elsewhere.
///
/// It knows nested block comments, escapes, interpolation, multi-line and raw strings; regex literals count as code.
struct TidyLexer {
    private let bytes: [UInt8]
    private var index = 0
    private var code: [UInt8]
    private var literals: [UInt8]
    private var comments: [UInt8]

    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")
    private static let hash = UInt8(ascii: "#")
    private static let opening = UInt8(ascii: "(")
    private static let closing = UInt8(ascii: ")")

    static func split(_ source: String) -> (code: String, literals: String, comments: String) {
        var lexer = TidyLexer(source)
        lexer.readCode(insideInterpolation: false)
        return (
            String(decoding: lexer.code, as: UTF8.self),
            String(decoding: lexer.literals, as: UTF8.self),
            String(decoding: lexer.comments, as: UTF8.self)
        )
    }

    private init(_ source: String) {
        bytes = Array(source.utf8)
        let blank = bytes.map { $0 == Self.newline ? Self.newline : UInt8(ascii: " ") }
        code = blank
        literals = blank
        comments = blank
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private mutating func take(into text: WritableKeyPath<TidyLexer, [UInt8]>) {
        guard index < bytes.count else { return }
        self[keyPath: text][index] = bytes[index]
        index += 1
    }

    private mutating func readCode(insideInterpolation: Bool) {
        var depth = 1
        while let byte = peek() {
            if byte == Self.slash, peek(1) == Self.slash {
                readLineComment()
            } else if byte == Self.slash, peek(1) == Self.star {
                readBlockComment()
            } else if let hashes = stringStart() {
                readString(hashes: hashes)
            } else {
                take(into: \.code)
                guard insideInterpolation else { continue }
                if byte == Self.opening { depth += 1 }
                if byte == Self.closing { depth -= 1 }
                if depth == 0 { return }
            }
        }
    }

    private mutating func readLineComment() {
        while let byte = peek(), byte != Self.newline { take(into: \.comments) }
    }

    private mutating func readBlockComment() {
        var depth = 0
        while let byte = peek() {
            if byte == Self.slash, peek(1) == Self.star {
                depth += 1
                take(into: \.comments)
            } else if byte == Self.star, peek(1) == Self.slash {
                depth -= 1
                take(into: \.comments)
            }
            take(into: \.comments)
            if depth == 0 { return }
        }
    }

    /// The number of `#` before a string that starts here, nil when none starts here.
    private func stringStart() -> Int? {
        var hashes = 0
        while peek(hashes) == Self.hash { hashes += 1 }
        return peek(hashes) == Self.quote ? hashes : nil
    }

    private mutating func readString(hashes: Int) {
        for _ in 0...hashes { take(into: \.code) }
        let isMultiLine = peek() == Self.quote && peek(1) == Self.quote
        if isMultiLine {
            take(into: \.code)
            take(into: \.code)
        }
        let quotes = isMultiLine ? 3 : 1
        while let byte = peek() {
            if byte == Self.newline, !isMultiLine { return }
            if ends(quotes: quotes, hashes: hashes) {
                for _ in 0..<(quotes + hashes) { take(into: \.code) }
                return
            }
            if byte == Self.backslash, (0..<hashes).allSatisfy({ peek($0 + 1) == Self.hash }) {
                readEscape(hashes: hashes)
            } else {
                take(into: \.literals)
            }
        }
    }

    private mutating func readEscape(hashes: Int) {
        let isInterpolation = peek(hashes + 1) == Self.opening
        for _ in 0..<(hashes + 1) { take(into: isInterpolation ? \.code : \.literals) }
        if isInterpolation {
            take(into: \.code)
            readCode(insideInterpolation: true)
        } else if peek() != Self.newline {
            take(into: \.literals)
        }
    }

    private func ends(quotes: Int, hashes: Int) -> Bool {
        for distance in 0..<quotes where peek(distance) != Self.quote { return false }
        for distance in quotes..<(quotes + hashes) where peek(distance) != Self.hash { return false }
        return true
    }
}
