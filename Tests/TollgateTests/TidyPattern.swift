import Foundation

/// A regular expression that must not occur in one text of the files it applies to.
struct TidyPattern: Sendable {
    enum Text: Sendable { case code, literals, comments }

    let problem: String
    let expression: String
    let text: Text
    let applies: @Sendable (TidySource) -> Bool

    init(
        _ problem: String,
        _ expression: String,
        in text: Text = .code,
        applies: @escaping @Sendable (TidySource) -> Bool = { _ in true }
    ) {
        self.problem = problem
        self.expression = expression
        self.text = text
        self.applies = applies
    }

    func findings(in source: TidySource) throws -> [TidyFinding] {
        guard applies(source) else { return [] }
        let text =
            switch text {
            case .code: source.code
            case .literals: source.literals
            case .comments: source.comments
            }
        let regex = try NSRegularExpression(pattern: expression)
        let matches = regex.matches(in: text, range: NSRange(text.startIndex..., in: text))
        return matches.compactMap { match in
            guard let range = Range(match.range, in: text) else { return nil }
            let line = text.utf8[..<range.lowerBound].count(where: { $0 == UInt8(ascii: "\n") }) + 1
            return TidyFinding(path: source.path, line: line, problem: "\(problem): \(excerpt(text[range]))")
        }
    }

    private func excerpt(_ match: Substring) -> String {
        match.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
