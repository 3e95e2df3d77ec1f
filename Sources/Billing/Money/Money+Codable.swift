/// Stored as plain decimal text in USD with a minus sign below zero, as `decimal` writes it.
extension Money: Codable {
    /// Reads what `encode(to:)` wrote; anything else is an error and never taken for zero.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        let magnitude = try Money(decimal: text.hasPrefix("-") ? String(text.dropFirst()) : text)
        self = text.hasPrefix("-") ? .zero - magnitude : magnitude
    }

    /// Writes the decimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(decimal)
    }
}
