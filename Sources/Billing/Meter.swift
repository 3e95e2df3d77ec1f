/// What is counted and priced; the raw value is the name in prices, reports and the ledger's columns.
public enum Meter: String, CaseIterable, Sendable {
    /// Input tokens that came from no cache.
    case input
    /// Input tokens read from a provider's cache.
    case inputCacheRead = "input_cache_read"
    /// Input tokens written to a cache that lives five minutes.
    case inputCacheWrite5m = "input_cache_write_5m"
    /// Input tokens written to a cache that lives an hour.
    case inputCacheWrite1h = "input_cache_write_1h"
    /// Output tokens other than reasoning.
    case output
    /// Output tokens spent on reasoning.
    case outputReasoning = "output_reasoning"

    /// The meter whose price applies when this one has none of its own.
    public var parent: Meter? {
        switch self {
        case .input, .output: nil
        case .inputCacheRead, .inputCacheWrite5m, .inputCacheWrite1h: .input
        case .outputReasoning: .output
        }
    }
}
