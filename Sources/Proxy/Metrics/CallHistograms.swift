/// The `gen_ai_*` histograms of calls with the same labels, with the buckets of OpenTelemetry's conventions.
struct CallHistograms {
    /// 1, 4, 16, … 67,108,864.
    private static let tokenBounds = (0..<14).map { Double(1 << (2 * $0)) }
    /// 0.01 s, 0.02 s, 0.04 s, … 81.92 s.
    private static let durationBounds = (0..<14).map { Double(1 << $0) / 100 }
    static let firstTokenBounds = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    private static let perTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]

    private var input = Histogram(bounds: tokenBounds)
    private var output = Histogram(bounds: tokenBounds)
    private var duration = Histogram(bounds: durationBounds)
    private var firstToken = Histogram(bounds: firstTokenBounds)
    private var perOutputToken = Histogram(bounds: perTokenBounds)

    mutating func add(_ call: CallFigures) {
        duration.observe(nanoseconds: call.duration)
        if let time = call.firstToken { firstToken.observe(nanoseconds: time) }
        if let time = call.perOutputToken { perOutputToken.observe(nanoseconds: time) }
        if call.inputTokens > 0 { input.observe(Double(call.inputTokens)) }
        if call.outputTokens > 0 { output.observe(Double(call.outputTokens)) }
    }

    var snapshot: CallHistogramsSnapshot {
        CallHistogramsSnapshot(
            input: input.snapshot, output: output.snapshot, duration: duration.snapshot,
            firstToken: firstToken.snapshot, perOutputToken: perOutputToken.snapshot)
    }
}

/// The `gen_ai_*` histograms of calls with the same labels, as they were at one moment.
public struct CallHistogramsSnapshot: Sendable {
    /// Input tokens a call.
    public let input: HistogramSnapshot
    /// Output tokens a call.
    public let output: HistogramSnapshot
    /// Seconds from the whole request to the end of the answer.
    public let duration: HistogramSnapshot
    /// Seconds from the whole request to the first piece of a streamed answer.
    public let firstToken: HistogramSnapshot
    /// Seconds each output token after the first took.
    public let perOutputToken: HistogramSnapshot
}
