/// Prices as people write them: tokens in USD per million, everything else in USD per unit.
extension Rates {
    /// Of a price per million, so many fraction digits are exact picodollars a token.
    private static let perMillionDigits = 6
    /// Of a price per unit, so many fraction digits are exact picodollars.
    private static let perUnitDigits = 12

    /// Reads `{"input": "0.15", "output": "0.60", …}` in USD per million tokens, where both of these are required, and
    /// `{"image": "0.04", …}` in USD per unit. Without the first, nil, only units are charged, and one must be.
    public init(perMillion: [String: String]?, perUnit: [String: String] = [:]) throws(RatesError) {
        var units: [Meter: Int64] = [:]
        for (name, text) in perUnit.sorted(by: { $0.key < $1.key }) {
            let field = "per_unit." + name
            guard let meter = Meter(rawValue: name), !meter.isToken else { throw .unknown(field: field) }
            units[meter] = try Self.read(text, fractionDigits: Self.perUnitDigits, field: field)
        }
        guard let perMillion else {
            if units.isEmpty { throw .missing(field: "per_unit") }
            self.init(units: units)
            return
        }
        var own = units
        for (name, text) in perMillion.sorted(by: { $0.key < $1.key }) {
            let field = "per_million." + name
            guard let meter = Meter(rawValue: name), meter.isToken else { throw .unknown(field: field) }
            own[meter] = try Self.read(text, fractionDigits: Self.perMillionDigits, field: field)
        }
        guard let input = own[.input] else { throw .missing(field: "per_million.input") }
        guard let output = own[.output] else { throw .missing(field: "per_million.output") }
        self.init(input: input, output: output, others: own)
    }

    /// The prices per million tokens that were given; nil if only units are charged.
    public var perMillion: [String: String]? {
        // Picodollars a token times a million tokens.
        charges(.input) ? texts(Meter.allTokens, times: 1_000_000) : nil
    }

    /// The prices per unit that were given.
    public var perUnit: [String: String] { texts(Meter.allUnits, times: 1) }

    private func texts(_ meters: [Meter], times factor: Int128) -> [String: String] {
        var texts: [String: String] = [:]
        for meter in meters {
            if let rate = own(meter) { texts[meter.rawValue] = Money(pico: Int128(rate) * factor).decimal }
        }
        return texts
    }

    private static func read(_ text: String, fractionDigits: Int, field: String) throws(RatesError) -> Int64 {
        do throws(MoneyError) {
            guard let rate = Int64(exactly: try DecimalText.parse(text, fractionDigits: fractionDigits)) else {
                throw MoneyError.outOfRange
            }
            return rate
        } catch {
            switch error {
            case .malformed: throw .malformed(field: field)
            case .tooManyFractionDigits: throw .tooManyFractionDigits(field: field, atMost: fractionDigits)
            case .outOfRange: throw .outOfRange(field: field)
            }
        }
    }
}
