import Foundation

/// Limits on files, lines and functions.
enum TidySizes {
    static let fileLines = 400
    static let lineCharacters = 120
    static let functionLines = 70

    static func longFiles(in source: TidySource) -> [TidyFinding] {
        // The last line ends with a newline: what follows it is not a line.
        let count = source.lines.last == "" ? source.lines.count - 1 : source.lines.count
        guard count > fileLines else { return [] }
        return [TidyFinding(path: source.path, line: count, problem: "\(count) lines, at most \(fileLines)")]
    }

    static func longLines(in source: TidySource) -> [TidyFinding] {
        source.lines.enumerated().filter { $0.element.count > lineCharacters }.map { index, line in
            let problem = "\(line.count) characters, at most \(lineCharacters)"
            return TidyFinding(path: source.path, line: index + 1, problem: problem)
        }
    }

    /// Counts from the line of `func` or `init` to the line of its closing brace.
    static func longFunctions(in source: TidySource) throws -> [TidyFinding] {
        let regex = try NSRegularExpression(
            pattern: #"\bfunc\s+[^\s(]+|(?<![.\w])(init[?]?|deinit|subscript)\s*(?=[(<{])"#
        )
        let bytes = Array(source.code.utf8)
        let range = NSRange(source.code.startIndex..., in: source.code)
        return regex.matches(in: source.code, range: range).compactMap { match in
            guard let position = Range(match.range, in: source.code).map({ source.code.utf8[..<$0.lowerBound].count }),
                let end = end(ofFunctionAt: position, in: bytes)
            else { return nil }
            let first = newlines(in: bytes[..<position]) + 1
            let count = newlines(in: bytes[position..<end]) + 1
            guard count > functionLines else { return nil }
            let problem = "a function of \(count) lines, at most \(functionLines)"
            return TidyFinding(path: source.path, line: first, problem: problem)
        }
    }

    private static func newlines(in bytes: ArraySlice<UInt8>) -> Int {
        bytes.count(where: { $0 == UInt8(ascii: "\n") })
    }

    /// The index of the closing brace; nil for a requirement without a body.
    private static func end(ofFunctionAt start: Int, in bytes: [UInt8]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "("): parentheses += 1
            case UInt8(ascii: ")"): parentheses -= 1
            case UInt8(ascii: "{") where parentheses == 0: braces += 1
            case UInt8(ascii: "}") where parentheses == 0:
                braces -= 1
                if braces <= 0 { return braces == 0 ? index : nil }
            default: break
            }
        }
        return nil
    }
}
