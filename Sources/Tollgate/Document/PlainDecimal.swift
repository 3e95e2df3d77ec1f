import Foundation

/// Decimal numbers written without exponent, kept exactly.
enum PlainDecimal {
    /// Digits with at most one point and a leading minus at most; nil for anything else or more than 36 digits.
    static func read(_ text: String) -> Decimal? {
        let unsigned = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = unsigned.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.joined()
        guard digits.count <= 36, parts.allSatisfy({ !$0.isEmpty }), !parts.isEmpty,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
    }
}
