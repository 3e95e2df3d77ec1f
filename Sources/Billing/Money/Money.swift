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

    /// Plain decimal in USD with trailing zeros trimmed, e.g. `0.000015`; negative amounts carry a minus sign.
    public var decimal: String {
        let magnitude = pico.magnitude
        let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: UInt128(Self.picoPerUnit))
        let sign = pico < 0 ? "-" : ""
        // 64 bits hold every amount below 18 trillion USD, and are printed many times faster than 128.
        let units = UInt64(exactly: whole).map { String($0) } ?? String(whole)
        return sign + units + Self.fractionText(UInt64(truncatingIfNeeded: fraction))
    }

    /// A point and the digits of a fraction below one unit, without trailing zeros; nothing for a whole amount.
    private static func fractionText(_ fraction: UInt64) -> String {
        guard fraction > 0 else { return "" }
        return String(unsafeUninitializedCapacity: fractionDigits + 1) { buffer in
            var rest = fraction
            var length = 0
            for place in stride(from: fractionDigits, through: 1, by: -1) {
                let digit = rest % 10
                rest /= 10
                if length == 0, digit != 0 { length = place + 1 }
                buffer[place] = UInt8(ascii: "0") + UInt8(digit)
            }
            buffer[0] = UInt8(ascii: ".")
            return length
        }
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
