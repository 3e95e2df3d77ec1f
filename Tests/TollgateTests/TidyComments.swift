import Foundation

/// What switches the compiler's checks off must say why, on its line or in a comment right above.
enum TidyComments {
    static func unexplained(in source: TidySource) -> [TidyFinding] {
        let code = source.code.split(separator: "\n", omittingEmptySubsequences: false)
        let comments = source.comments.split(separator: "\n", omittingEmptySubsequences: false).map {
            !$0.allSatisfy(\.isWhitespace)
        }
        return code.indices.compactMap { index in
            let found = ["@unchecked Sendable", "nonisolated(unsafe)"].first { code[index].contains($0) }
            guard let found, !isExplained(index, code: code, comments: comments) else { return nil }
            return TidyFinding(path: source.path, line: index + 1, problem: "\(found) without a comment that says why")
        }
    }

    /// A comment may stand above a run of such lines, or above the declaration's attributes.
    private static func isExplained(_ index: Int, code: [Substring], comments: [Bool]) -> Bool {
        if comments[index] { return true }
        var line = index - 1
        while line >= 0 {
            if comments[line] { return true }
            let text = code[line].drop(while: \.isWhitespace)
            guard text.hasPrefix("@") || text.contains("nonisolated(unsafe)") else { return false }
            line -= 1
        }
        return false
    }
}
