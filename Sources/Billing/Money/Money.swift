/// An amount in US dollars, counted exactly in picodollars (1e-12 USD).
public struct Money: Hashable, Comparable, Sendable {
    /// Picodollars; negative amounts only come out of subtractions.
    public let pico: Int128

    /// An amount of picodollars.
    public init(pico: Int128) {
        self.pico = pico
    }

    /// Nothing.
    public static let zero = Money(pico: 0)
    /// The largest limit that may be set: 1e12 USD.
    public static let limitMaximum = Money(pico: 1_000_000_000_000_000_000_000_000)
    /// The largest amount one ledger line can hold (about 9.2 million USD); costs and bounds saturate here.
    public static let lineMaximum = Money(pico: Int128(Int64.max))

    private static let picoPerUnit: Int128 = 1_000_000_000_000
    private static let fractionDigits = 12

    /// Reads a decimal string such as `10.00`: no sign, exponent or space, <= 12 fraction digits, at most 1e12 USD.
    public init(decimal: String) throws(MoneyError) {
        let scaled = try DecimalText.parse(decimal, fractionDigits: Self.fractionDigits)
        guard scaled <= Self.limitMaximum.pico else { throw .outOfRange }
        pico = scaled
    }

    /// An amount from the two columns of the database: micro-dollars and the remaining picodollars.
    public init(micro: Int64, remainder: Int64) {
        let (micros, overflow) = Int128(micro).multipliedReportingOverflow(by: 1_000_000)
        self.init(pico: overflow ? Int128.max : micros + Int128(remainder))
    }

    /// A limit or a balance from its two columns; nil for what was never written there: a remainder that is none, more
    /// than the largest limit.
    public init?(storedMicro micro: Int64, remainder: Int64) {
        self.init(micro: micro, remainder: remainder)
        guard (-999_999...999_999).contains(remainder), pico.magnitude <= Self.limitMaximum.pico.magnitude else {
            return nil
        }
    }

    /// Plain decimal in USD with trailing zeros trimmed, e.g. `0.000015`; negative amounts carry a minus sign.
    public var decimal: String {
        let magnitude = pico.magnitude
        let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: UInt128(Self.picoPerUnit))
        let sign = pico < 0 ? "-" : ""
        let part = UInt64(truncatingIfNeeded: fraction)
        // 64 bits hold every amount below 18 trillion USD, and are printed many times faster than 128.
        guard let units = UInt64(exactly: whole) else { return sign + String(whole) + Self.text(0, part).dropFirst() }
        return sign + Self.text(units, part)
    }

    /// Whole dollars, then a point and the picodollars beyond them without trailing zeros; no point for none.
    private static func text(_ units: UInt64, _ fraction: UInt64) -> String {
        let unitDigits = 20
        return String(unsafeUninitializedCapacity: unitDigits + 1 + fractionDigits) { buffer in
            var rest = units
            var first = unitDigits
            repeat {
                first -= 1
                buffer[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            var length = unitDigits - first
            for place in 0..<length { buffer[place] = buffer[first + place] }
            if fraction > 0 {
                buffer[length] = UInt8(ascii: ".")
                length = write(fraction, to: buffer, after: length + 1)
            }
            return length
        }
    }

    /// Writes the digits of a fraction without trailing zeros; returns where they end.
    private static func write(
        _ fraction: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, after start: Int
    ) -> Int {
        var rest = fraction
        var end = start
        for place in stride(from: start + fractionDigits - 1, through: start, by: -1) {
            let digit = rest % 10
            rest /= 10
            if end == start, digit != 0 { end = place + 1 }
            buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
        }
        return end
    }

    /// The amount as one ledger line, or nil when it does not fit 64 bits.
    public var ledgerLine: Int64? { Int64(exactly: pico) }

    /// Whole micro-dollars, the larger of the two database columns; saturates.
    public var micro: Int64 { Int64(clamping: pico / 1_000_000) }
    /// Picodollars beyond `micro`, the smaller of the two database columns.
    public var remainder: Int64 { Int64(clamping: pico % 1_000_000) }

    /// Orders by amount.
    public static func < (left: Money, right: Money) -> Bool { left.pico < right.pico }

    /// The sum; saturates at the ends of 128 bits (1e26 USD).
    public static func + (left: Money, right: Money) -> Money {
        let (sum, overflow) = left.pico.addingReportingOverflow(right.pico)
        return Money(pico: overflow ? (right.pico < 0 ? Int128.min : Int128.max) : sum)
    }

    /// The difference; saturates at the ends of 128 bits (1e26 USD).
    public static func - (left: Money, right: Money) -> Money {
        let (difference, overflow) = left.pico.subtractingReportingOverflow(right.pico)
        return Money(pico: overflow ? (right.pico < 0 ? Int128.max : Int128.min) : difference)
    }

    /// Adds in place; saturates as `+` does.
    public static func += (left: inout Money, right: Money) { left = left + right }

    /// Subtracts in place; saturates as `-` does.
    public static func -= (left: inout Money, right: Money) { left = left - right }

    /// The amount brought into what one ledger line can hold: not below zero, not above `lineMaximum`.
    var line: Money { min(max(self, .zero), .lineMaximum) }
}
