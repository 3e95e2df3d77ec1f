/// Tokens of one call by meter; the meters are disjoint, so their sum is the total.
public struct TokenUsage: Sendable, Equatable {
    /// Input tokens that came from no cache.
    public var input: Int64
    /// Input tokens read from a cache.
    public var inputCacheRead: Int64
    /// Input tokens written to the five-minute cache.
    public var inputCacheWrite5m: Int64
    /// Input tokens written to the one-hour cache.
    public var inputCacheWrite1h: Int64
    /// Output tokens other than reasoning.
    public var output: Int64
    /// Output tokens spent on reasoning.
    public var outputReasoning: Int64

    /// Nothing used.
    public static let zero = TokenUsage()
    /// More tokens than any call has; the ledger clamps each meter here so that no sum of lines can overflow.
    public static let lineMaximum: Int64 = 1 << 40

    /// A usage with the given counts.
    public init(
        input: Int64 = 0,
        inputCacheRead: Int64 = 0,
        inputCacheWrite5m: Int64 = 0,
        inputCacheWrite1h: Int64 = 0,
        output: Int64 = 0,
        outputReasoning: Int64 = 0
    ) {
        self.input = input
        self.inputCacheRead = inputCacheRead
        self.inputCacheWrite5m = inputCacheWrite5m
        self.inputCacheWrite1h = inputCacheWrite1h
        self.output = output
        self.outputReasoning = outputReasoning
    }

    /// The count of one meter.
    public subscript(meter: Meter) -> Int64 {
        get {
            switch meter {
            case .input: input
            case .inputCacheRead: inputCacheRead
            case .inputCacheWrite5m: inputCacheWrite5m
            case .inputCacheWrite1h: inputCacheWrite1h
            case .output: output
            case .outputReasoning: outputReasoning
            }
        }
        set {
            switch meter {
            case .input: input = newValue
            case .inputCacheRead: inputCacheRead = newValue
            case .inputCacheWrite5m: inputCacheWrite5m = newValue
            case .inputCacheWrite1h: inputCacheWrite1h = newValue
            case .output: output = newValue
            case .outputReasoning: outputReasoning = newValue
            }
        }
    }

    /// All tokens; saturates.
    public var total: Int64 {
        Self.sum(inputTotal, Self.sum(output, outputReasoning))
    }

    /// All input tokens, cached ones included; saturates.
    public var inputTotal: Int64 {
        Self.sum(Self.sum(input, inputCacheRead), Self.sum(inputCacheWrite5m, inputCacheWrite1h))
    }

    /// All output tokens, reasoning included; saturates.
    public var outputTotal: Int64 { Self.sum(output, outputReasoning) }

    /// Every count brought into 0...`lineMaximum`.
    var line: TokenUsage {
        var clamped = self
        for meter in Meter.allCases { clamped[meter] = min(max(self[meter], 0), Self.lineMaximum) }
        return clamped
    }

    /// Adds meter by meter; saturates.
    public mutating func add(_ other: TokenUsage) {
        input = Self.sum(input, other.input)
        inputCacheRead = Self.sum(inputCacheRead, other.inputCacheRead)
        inputCacheWrite5m = Self.sum(inputCacheWrite5m, other.inputCacheWrite5m)
        inputCacheWrite1h = Self.sum(inputCacheWrite1h, other.inputCacheWrite1h)
        output = Self.sum(output, other.output)
        outputReasoning = Self.sum(outputReasoning, other.outputReasoning)
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? (right < 0 ? Int64.min : Int64.max) : sum
    }
}
