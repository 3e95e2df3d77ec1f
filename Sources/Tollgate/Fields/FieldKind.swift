/// What a field holds: how it is read from a document, and when two values of it are the same.
indirect enum FieldKind: Sendable {
    /// The name of a resource.
    case name
    case text
    /// A credential: written, never shown or compared.
    case secret
    /// An http or https URL; a slash at its end does not count.
    case url
    /// US dollars as a decimal string with at most that many fraction digits.
    case money(fractionDigits: Int)
    /// A factor such as `1.2`, >= 0.
    case decimal
    /// Fractions above 0, in any order.
    case decimals
    case whole(ClosedRange<Int64>)
    /// A span such as `10s`.
    case duration
    /// An RFC 3339 time.
    case instant
    case choice([String])
    case texts
    /// Names and texts of the operator's choice.
    case tags
    case object([Field])
    case objects([Field])
}
