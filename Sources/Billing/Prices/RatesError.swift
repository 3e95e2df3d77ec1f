/// What is wrong with a price, naming the field as the Admin API spells it.
public enum RatesError: Error, Sendable, Equatable {
    /// The field is required: a price of zero must be explicit.
    case missing(field: String)
    /// The field is not a plain decimal number.
    case malformed(field: String)
    /// The field has more fraction digits than are exact picodollars.
    case tooManyFractionDigits(field: String, atMost: Int)
    /// The field is beyond what 64 bits of picodollars can hold.
    case outOfRange(field: String)
    /// No meter has this name.
    case unknown(field: String)
}
