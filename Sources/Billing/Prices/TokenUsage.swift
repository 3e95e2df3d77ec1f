/// What one call used, by meter; the token meters are disjoint, so their sum is the total.
public struct TokenUsage: Sendable, Equatable {
    private var counts: PerMeter

    /// Nothing used.
    public static let zero = TokenUsage()
    /// More units than any call has; the ledger clamps each meter here so that no sum of lines can overflow.
    public static let lineMaximum: Int64 = 1 << 40

    /// A usage with the given counts.
    public init(
        input: Int64 = 0,
        inputCacheRead: Int64 = 0,
        inputCacheWrite5m: Int64 = 0,
        inputCacheWrite1h: Int64 = 0,
        inputAudio: Int64 = 0,
        inputImage: Int64 = 0,
        output: Int64 = 0,
        outputReasoning: Int64 = 0,
        outputAudio: Int64 = 0,
        image: Int64 = 0,
        second: Int64 = 0,
        character: Int64 = 0,
        request: Int64 = 0,
        search: Int64 = 0
    ) {
        counts = PerMeter(
            lanes: SIMD16(
                input, inputCacheRead, inputCacheWrite5m, inputCacheWrite1h, inputAudio, inputImage, output,
                outputReasoning, outputAudio, image, second, character, request, search, 0, 0))
    }

    /// The count of one meter.
    public subscript(meter: Meter) -> Int64 {
        get { counts[meter] }
        set { counts[meter] = newValue }
    }

    /// All tokens; saturates.
    public var total: Int64 { counts.sum(Meter.tokens) }

    /// All input tokens, cached ones included; saturates.
    public var inputTotal: Int64 { counts.sum(Meter.inputs) }

    /// All output tokens, reasoning included; saturates.
    public var outputTotal: Int64 { counts.sum(Meter.outputs) }

    /// Every count brought into 0...`lineMaximum`.
    var line: TokenUsage {
        var clamped = self
        clamped.counts.lanes.clamp(
            lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: Self.lineMaximum))
        return clamped
    }

    /// Adds meter by meter; saturates.
    public mutating func add(_ other: TokenUsage) {
        counts.add(other.counts)
    }
}

/// The counts by name; what each counts is said at its `Meter`.
extension TokenUsage {
    /// Input tokens that came from no cache and are no audio or image.
    public var input: Int64 {
        get { self[.input] }
        set { self[.input] = newValue }
    }

    /// Input tokens read from a cache.
    public var inputCacheRead: Int64 {
        get { self[.inputCacheRead] }
        set { self[.inputCacheRead] = newValue }
    }

    /// Input tokens written to the five-minute cache.
    public var inputCacheWrite5m: Int64 {
        get { self[.inputCacheWrite5m] }
        set { self[.inputCacheWrite5m] = newValue }
    }

    /// Input tokens written to the one-hour cache.
    public var inputCacheWrite1h: Int64 {
        get { self[.inputCacheWrite1h] }
        set { self[.inputCacheWrite1h] = newValue }
    }

    /// Output tokens other than reasoning and audio.
    public var output: Int64 {
        get { self[.output] }
        set { self[.output] = newValue }
    }

    /// Output tokens spent on reasoning.
    public var outputReasoning: Int64 {
        get { self[.outputReasoning] }
        set { self[.outputReasoning] = newValue }
    }

    /// Input tokens of audio that came from no cache.
    public var inputAudio: Int64 {
        get { self[.inputAudio] }
        set { self[.inputAudio] = newValue }
    }

    /// Input tokens of images that came from no cache.
    public var inputImage: Int64 {
        get { self[.inputImage] }
        set { self[.inputImage] = newValue }
    }

    /// Output tokens of audio.
    public var outputAudio: Int64 {
        get { self[.outputAudio] }
        set { self[.outputAudio] = newValue }
    }

    /// Images made.
    public var image: Int64 {
        get { self[.image] }
        set { self[.image] = newValue }
    }

    /// Seconds of audio.
    public var second: Int64 {
        get { self[.second] }
        set { self[.second] = newValue }
    }

    /// Unicode scalars of text to be spoken.
    public var character: Int64 {
        get { self[.character] }
        set { self[.character] = newValue }
    }

    /// Answered calls; `PriceSheet.countingRequest` sets it.
    public var request: Int64 {
        get { self[.request] }
        set { self[.request] = newValue }
    }

    /// Searches.
    public var search: Int64 {
        get { self[.search] }
        set { self[.search] = newValue }
    }
}
