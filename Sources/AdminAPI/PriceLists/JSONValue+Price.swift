/// Prices as lists write them.
extension JSONValue {
    /// Whether it is zero, as a number or a text.
    var isZeroPrice: Bool {
        switch self {
        case .string(let text), .number(let text):
            // Whatever the exponent, digits that are all zero are nothing.
            text.prefix { $0 != "e" && $0 != "E" }.allSatisfy { $0 == "0" || $0 == "." || $0 == "-" }
        default: false
        }
    }

    /// Whether there is a number other than zero anywhere in it.
    var hasPrice: Bool {
        switch self {
        case .number: !isZeroPrice
        case .string(let text): text.utf8.contains { 0x31...0x39 ~= $0 } && !isZeroPrice
        case .array(let elements): elements.contains(where: \.hasPrice)
        case .object(let members): members.contains { $0.value.hasPrice }
        case .bool, .null: false
        }
    }
}
