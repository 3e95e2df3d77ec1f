/// Why a decimal string is no amount.
public enum MoneyError: Error, Sendable, Equatable {
    /// Empty, signed, with an exponent, a space or anything but digits and one point between digits.
    case malformed
    /// More fraction digits than can be kept exactly.
    case tooManyFractionDigits
    /// Beyond the largest amount allowed.
    case outOfRange
}
