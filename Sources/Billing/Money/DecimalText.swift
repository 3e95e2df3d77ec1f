/// Reads unsigned decimal strings into scaled integers, exactly or not at all.
enum DecimalText {
    /// More digits before the point than any allowed amount has.
    private static let wholeDigits = 24

    /// `text` times ten to the power of `fractionDigits`.
    static func parse(_ text: String, fractionDigits: Int) throws(MoneyError) -> Int128 {
        var value: Int128 = 0
        var whole = 0
        var fraction: Int?
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                guard fraction == nil, whole > 0 else { throw .malformed }
                fraction = 0
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { throw .malformed }
            if let digits = fraction {
                guard digits < fractionDigits else { throw .tooManyFractionDigits }
                fraction = digits + 1
            } else {
                whole += 1
                guard whole <= wholeDigits else { throw .outOfRange }
            }
            value = value * 10 + Int128(byte - UInt8(ascii: "0"))
        }
        guard whole > 0, fraction != 0 else { throw .malformed }
        for _ in (fraction ?? 0)..<fractionDigits { value *= 10 }
        return value
    }
}
