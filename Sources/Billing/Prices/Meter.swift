/// What is counted and priced; the raw value is the name in prices, reports and the ledger.
///
/// The meters of one call are disjoint: a token counts in one of the token meters only. The unit meters count beside
/// them what some calls are priced by instead.
public enum Meter: String, CaseIterable, Sendable {
    /// Input tokens that came from no cache and are no audio or image.
    case input
    /// Input tokens read from a provider's cache.
    case inputCacheRead = "input_cache_read"
    /// Input tokens written to a cache that lives five minutes.
    case inputCacheWrite5m = "input_cache_write_5m"
    /// Input tokens written to a cache that lives an hour.
    case inputCacheWrite1h = "input_cache_write_1h"
    /// Input tokens of audio that came from no cache.
    case inputAudio = "input_audio"
    /// Input tokens of images that came from no cache.
    case inputImage = "input_image"
    /// Output tokens other than reasoning and audio.
    case output
    /// Output tokens spent on reasoning.
    case outputReasoning = "output_reasoning"
    /// Output tokens of audio.
    case outputAudio = "output_audio"
    /// Images made.
    case image
    /// Seconds of audio, begun ones counted whole.
    case second
    /// Unicode scalars of text to be spoken.
    case character
    /// Answered calls.
    case request
    /// Searches: a rerank's search units, or what a provider looked up.
    case search

    /// The meter whose price applies when this one has none of its own.
    public var parent: Meter? {
        switch self {
        case .input, .output, .image, .second, .character, .request, .search: nil
        case .inputCacheRead, .inputCacheWrite5m, .inputCacheWrite1h, .inputAudio, .inputImage: .input
        case .outputReasoning, .outputAudio: .output
        }
    }

    /// Whether it counts tokens, priced per million; the others are priced per unit.
    public var isToken: Bool { Self.tokens.contains(index) }

    /// The meters that count tokens.
    public static let allTokens = allCases.filter(\.isToken)
    /// The meters that count something else.
    public static let allUnits = allCases.filter { !$0.isToken }

    // MARK: Places

    /// Its place in `allCases`, and in whatever has one number for each meter.
    var index: Int {
        switch self {
        case .input: 0
        case .inputCacheRead: 1
        case .inputCacheWrite5m: 2
        case .inputCacheWrite1h: 3
        case .inputAudio: 4
        case .inputImage: 5
        case .output: 6
        case .outputReasoning: 7
        case .outputAudio: 8
        case .image: 9
        case .second: 10
        case .character: 11
        case .request: 12
        case .search: 13
        }
    }

    // The places of the input tokens, of the output tokens and of both lie side by side.
    static var inputs: Range<Int> { 0..<6 }
    static var outputs: Range<Int> { 6..<9 }
    static var tokens: Range<Int> { 0..<9 }
}
