import Foundation

/// Amounts of money from documents that write them as floating point numbers, kept as the decimals they spell.
enum ExactAmount {
    /// The number a text spells, exponent included (`2.5e-06`); nil for anything else, signs or more than 36 digits.
    static func read(_ text: String) -> Decimal? {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard let mantissa = parts.first.map(String.init), !mantissa.hasPrefix("-"),
            let number = PlainDecimal.read(mantissa)
        else { return nil }
        if parts.count == 1 { return number }
        guard parts.count == 2, let exponent = Int(parts[1]), -30...30 ~= exponent else { return nil }
        return shifted(number, by: exponent)
    }

    /// A price of one token as the price of a million, with at most 6 fraction digits, rounded up.
    static func perMillion(_ token: Decimal) -> (text: String, isRounded: Bool) {
        rounded(shifted(token, by: 6), fractionDigits: 6)
    }

    /// A price of one piece, with at most 12 fraction digits, rounded up.
    static func perUnit(_ unit: Decimal) -> (text: String, isRounded: Bool) { rounded(unit, fractionDigits: 12) }

    /// The number with at most `digits` fraction digits, rounded up.
    static func rounded(_ number: Decimal, fractionDigits digits: Int) -> (text: String, isRounded: Bool) {
        var exact = number
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, digits, .up)
        return ("\(rounded)", rounded != number)
    }

    private static func shifted(_ number: Decimal, by exponent: Int) -> Decimal {
        var number = number
        var result = Decimal()
        _ = NSDecimalMultiplyByPowerOf10(&result, &number, Int16(clamping: exponent), .plain)
        return result
    }
}
