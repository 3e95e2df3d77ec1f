/// Prices as price lists write them, e.g. `2.5e-06`: read from their digits, never through a floating point number.
public struct ExactPrice: Sendable, Equatable {
    /// Picodollars per unit, rounded half to even where the digits go further.
    public let pico: Int64
    /// Whether digits beyond the picodollar were dropped.
    public let isRounded: Bool

    /// Digits that are kept exactly; more than any price list has, and ten times less than fits the arithmetic.
    private static let digitLimit = 34
    /// A rounding that moves the price by more than one part in so many is refused.
    private static let coarseness: UInt128 = 10_000

    /// Reads a decimal with an optional exponent, per unit after moving its point `shift` places to the right: -6 for a
    /// price per million. Throws `RatesError` naming `field` for signs, anything but digits, what is beyond a ledger
    /// line, and what rounding would change by more than 0.01 %.
    public init(_ text: String, shift: Int = 0, field: String) throws(RatesError) {
        guard let (digits, exponent) = Self.parse(text) else { throw .malformed(field: field) }
        guard digits > 0 else {
            (pico, isRounded) = (0, false)
            return
        }
        let places = exponent + shift + 12
        var (value, isRounded) = (digits, false)
        if places >= 0 {
            for _ in 0..<min(places, 40) {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                if overflow { throw .outOfRange(field: field) }
                value = product
            }
        } else {
            guard places > -38 else { throw .tooManyFractionDigits(field: field, atMost: 12) }
            var divisor: UInt128 = 1
            for _ in places..<0 { divisor *= 10 }
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
            let isUp = remainder > divisor / 2 || (remainder == divisor / 2 && quotient % 2 == 1)
            let error = isUp ? divisor - remainder : remainder
            if error > digits / Self.coarseness { throw .tooManyFractionDigits(field: field, atMost: 12) }
            value = quotient + (isUp ? 1 : 0)
            isRounded = remainder != 0
        }
        guard let pico = Int64(exactly: value) else { throw .outOfRange(field: field) }
        self.pico = pico
        self.isRounded = isRounded
    }

    /// The digits as a whole number and the power of ten it is to be multiplied by; nil for anything else.
    private static func parse(_ text: String) -> (digits: UInt128, exponent: Int)? {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard parts.count <= 2, let mantissa = parts.first else { return nil }
        var exponent = 0
        if parts.count == 2 {
            // One sign, and digits.
            guard parts[1].utf8.dropFirst().allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(parts[1]),
                -999...9999 ~= number
            else { return nil }
            exponent = number
        }
        var (value, count, whole, isFraction, fraction) = (UInt128(0), 0, 0, false, 0)
        for byte in mantissa.utf8 {
            if byte == UInt8(ascii: "."), !isFraction, whole > 0 {
                isFraction = true
                continue
            }
            guard 0x30...0x39 ~= byte else { return nil }
            if isFraction { fraction += 1 } else { whole += 1 }
            if value > 0 || byte != 0x30 { count += 1 }
            guard count <= digitLimit, fraction <= 400 else { return nil }
            value = value * 10 + UInt128(byte - 0x30)
        }
        guard whole > 0, !isFraction || fraction > 0 else { return nil }
        return (value, exponent - fraction)
    }
}
