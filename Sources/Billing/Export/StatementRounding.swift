/// The one place where an amount is rounded: what a statement asks for.
enum StatementRounding {
    private static let cent: Int128 = 10_000_000_000

    /// The amount in whole cents, half to even, always with two fraction digits: `12.30`.
    static func cents(_ amount: Money) -> String {
        let cents = wholeCents(amount)
        let fraction = cents % 100
        let digits = "\(cents / 100)." + (fraction < 10 ? "0" : "") + String(fraction)
        return amount.pico < 0 && cents != 0 ? "-" + digits : digits
    }

    /// What rounding adds: the rounded amount less the exact one.
    static func difference(_ amount: Money) -> Money {
        let rounded = Money(pico: wholeCents(amount) * cent)
        return (amount.pico < 0 ? .zero - rounded : rounded) - amount
    }

    private static func wholeCents(_ amount: Money) -> Int128 {
        let magnitude = Int128(clamping: amount.pico.magnitude)
        let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: cent)
        let isUp = remainder * 2 > cent || (remainder * 2 == cent && quotient % 2 != 0)
        return isUp ? quotient + 1 : quotient
    }
}
