/// Prices in picodollars per unit; a meter without a price of its own has its parent's.
public struct Rates: Sendable, Equatable {
    /// Picodollars per input token.
    public let input: Int64
    /// Picodollars per output token.
    public let output: Int64
    /// Picodollars per token read from a cache; nil: as `input`.
    public let inputCacheRead: Int64?
    /// Picodollars per token written to the five-minute cache; nil: as `input`.
    public let inputCacheWrite5m: Int64?
    /// Picodollars per token written to the one-hour cache; nil: as `input`.
    public let inputCacheWrite1h: Int64?
    /// Picodollars per reasoning token; nil: as `output`.
    public let outputReasoning: Int64?

    /// What a price list's "per million tokens" is given in: at most 6 fraction digits are exact picodollars a token.
    private static let fractionDigits = 6
    private static let one: Int128 = 1_000_000

    /// Prices in picodollars per unit; negative ones count as zero.
    public init(
        input: Int64,
        output: Int64,
        inputCacheRead: Int64? = nil,
        inputCacheWrite5m: Int64? = nil,
        inputCacheWrite1h: Int64? = nil,
        outputReasoning: Int64? = nil
    ) {
        self.input = max(input, 0)
        self.output = max(output, 0)
        self.inputCacheRead = inputCacheRead.map { max($0, 0) }
        self.inputCacheWrite5m = inputCacheWrite5m.map { max($0, 0) }
        self.inputCacheWrite1h = inputCacheWrite1h.map { max($0, 0) }
        self.outputReasoning = outputReasoning.map { max($0, 0) }
    }

    /// Reads `{"input": "0.15", "output": "0.60", …}` in USD per million tokens; both of those two are required.
    public init(perMillion: [String: String]) throws(RatesError) {
        for name in perMillion.keys.sorted() where Meter(rawValue: name) == nil {
            throw .unknown(field: "per_million." + name)
        }
        self.init(
            input: try Self.required(.input, perMillion),
            output: try Self.required(.output, perMillion),
            inputCacheRead: try Self.optional(.inputCacheRead, perMillion),
            inputCacheWrite5m: try Self.optional(.inputCacheWrite5m, perMillion),
            inputCacheWrite1h: try Self.optional(.inputCacheWrite1h, perMillion),
            outputReasoning: try Self.optional(.outputReasoning, perMillion)
        )
    }

    /// The same prices as `init(perMillion:)` reads, only those that were given.
    public var perMillion: [String: String] {
        var texts: [String: String] = [:]
        for meter in Meter.allCases {
            guard let rate = own(meter) else { continue }
            // Picodollars a token times a million tokens.
            texts[meter.rawValue] = Money(pico: Int128(rate) * Self.one).decimal
        }
        return texts
    }

    /// The price that applies to a meter, its parent's when it has none.
    public subscript(meter: Meter) -> Int64 {
        switch meter {
        case .input: input
        case .inputCacheRead: inputCacheRead ?? input
        case .inputCacheWrite5m: inputCacheWrite5m ?? input
        case .inputCacheWrite1h: inputCacheWrite1h ?? input
        case .output: output
        case .outputReasoning: outputReasoning ?? output
        }
    }

    /// The price given for the meter itself.
    func own(_ meter: Meter) -> Int64? {
        switch meter {
        case .input: input
        case .inputCacheRead: inputCacheRead
        case .inputCacheWrite5m: inputCacheWrite5m
        case .inputCacheWrite1h: inputCacheWrite1h
        case .output: output
        case .outputReasoning: outputReasoning
        }
    }

    /// Each price times `ppm` millionths, rounded half to even once; saturates at the largest 64-bit price.
    public func scaled(ppm: Int64) -> Rates {
        if ppm == 1_000_000 { return self }
        return Rates(
            input: Self.scale(input, ppm),
            output: Self.scale(output, ppm),
            inputCacheRead: inputCacheRead.map { Self.scale($0, ppm) },
            inputCacheWrite5m: inputCacheWrite5m.map { Self.scale($0, ppm) },
            inputCacheWrite1h: inputCacheWrite1h.map { Self.scale($0, ppm) },
            outputReasoning: outputReasoning.map { Self.scale($0, ppm) }
        )
    }

    /// The highest price an input token can have.
    public var dearestInput: Int64 {
        max(self[.input], self[.inputCacheRead], self[.inputCacheWrite5m], self[.inputCacheWrite1h])
    }

    /// The highest price an output token can have.
    public var dearestOutput: Int64 { max(self[.output], self[.outputReasoning]) }

    /// Whether every price is zero.
    public var isFree: Bool { dearestInput == 0 && dearestOutput == 0 }

    private static func scale(_ rate: Int64, _ ppm: Int64) -> Int64 {
        let product = Int128(rate) * Int128(max(ppm, 0))
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: one)
        let twice = remainder * 2
        let up = twice > one || (twice == one && quotient % 2 != 0)
        return Int64(clamping: up ? quotient + 1 : quotient)
    }

    private static func required(_ meter: Meter, _ texts: [String: String]) throws(RatesError) -> Int64 {
        guard let rate = try optional(meter, texts) else { throw .missing(field: "per_million." + meter.rawValue) }
        return rate
    }

    private static func optional(_ meter: Meter, _ texts: [String: String]) throws(RatesError) -> Int64? {
        guard let text = texts[meter.rawValue] else { return nil }
        let field = "per_million." + meter.rawValue
        do throws(MoneyError) {
            guard let rate = Int64(exactly: try DecimalText.parse(text, fractionDigits: fractionDigits)) else {
                throw MoneyError.outOfRange
            }
            return rate
        } catch {
            switch error {
            case .malformed: throw .malformed(field: field)
            case .tooManyFractionDigits: throw .tooManyFractionDigits(field: field)
            case .outOfRange: throw .outOfRange(field: field)
            }
        }
    }
}
