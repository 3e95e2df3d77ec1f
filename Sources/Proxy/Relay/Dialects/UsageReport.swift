import Billing

/// The counts of a backend's report as it spelled them: what is absent or null is nil, and zero is zero.
struct UsageReport: Equatable, Sendable {
    /// `prompt_tokens` or `input_tokens`.
    var input: Int64?
    /// `completion_tokens` or `output_tokens`.
    var output: Int64?
    var total: Int64?
    /// Input tokens read from a cache.
    var cacheRead: Int64?
    /// All input tokens written to a cache.
    var cacheWrite: Int64?
    /// The part of `cacheWrite` that lives five minutes.
    var cacheWrite5m: Int64?
    /// The part of `cacheWrite` that lives an hour.
    var cacheWrite1h: Int64?
    var inputAudio: Int64?
    var inputImage: Int64?
    var reasoning: Int64?
    var outputAudio: Int64?
    /// Seconds of audio, begun ones counted whole.
    var seconds: Int64?
    var searches: Int64?
    /// A service tier other than the standard one.
    var tier: String?
    /// What the backend says that its own charge is.
    var cost: Money?
    /// The output was counted before it was made, as Anthropic's first event does.
    var isPreliminary = false
    /// A count was negative, too large, or no whole number.
    var anomaly = false

    /// Whether anything was counted.
    var isEmpty: Bool {
        input == nil && output == nil && total == nil && cacheRead == nil && cacheWrite == nil && cacheWrite5m == nil
            && cacheWrite1h == nil && seconds == nil && searches == nil
    }

    /// A later report of the same answer: its counts are cumulative, so they replace those before; what it leaves out
    /// stays as it was.
    mutating func update(with later: UsageReport) {
        if later.input ?? .max < input ?? 0 || later.output ?? .max < output ?? 0 { anomaly = true }
        // A later sum without its parts makes the parts known before too old to add up to it.
        if later.cacheWrite != nil, later.cacheWrite5m == nil, later.cacheWrite1h == nil { outgrowParts(later) }
        input = later.input ?? input
        output = later.output ?? output
        total = later.total ?? total
        cacheRead = later.cacheRead ?? cacheRead
        cacheWrite = later.cacheWrite ?? cacheWrite
        cacheWrite5m = later.cacheWrite5m ?? cacheWrite5m
        cacheWrite1h = later.cacheWrite1h ?? cacheWrite1h
        inputAudio = later.inputAudio ?? inputAudio
        inputImage = later.inputImage ?? inputImage
        reasoning = later.reasoning ?? reasoning
        outputAudio = later.outputAudio ?? outputAudio
        seconds = later.seconds ?? seconds
        searches = later.searches ?? searches
        tier = later.tier ?? tier
        cost = later.cost ?? cost
        anomaly = anomaly || later.anomaly
        if later.output != nil { isPreliminary = later.isPreliminary }
    }

    /// Writes beyond the parts known live as long as the ones before them.
    private mutating func outgrowParts(_ later: UsageReport) {
        guard let all = later.cacheWrite, cacheWrite5m != nil || cacheWrite1h != nil else { return }
        if cacheWrite5m ?? 0 == 0, let hour = cacheWrite1h, hour < all {
            cacheWrite1h = all
        } else if let hour = cacheWrite1h, hour <= all {
            cacheWrite5m = all - hour
        } else if cacheWrite1h == nil {
            cacheWrite5m = all
        }
    }
}
