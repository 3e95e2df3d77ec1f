import Proxy
import Tenancy

/// The data plane's counters at one moment, over all tenants, since the process started.
struct TrafficSample: Sendable {
    let at: Timestamp
    let totals: TrafficTotals

    /// The counters as the API shows them.
    var json: JSONValue {
        [
            "at": .string(at.rfc3339),
            "outcomes": .object(
                totals.outcomes.sorted { $0.key < $1.key }.map { JSONMember($0.key, .integer($0.value)) }),
            "overhead_seconds": Self.json(totals.overhead),
            "time_to_first_token_seconds": Self.json(totals.timeToFirstToken),
        ]
    }

    /// Upper bounds and how many were within each but not the one before; the last count is above all bounds.
    private static func json(_ histogram: HistogramSnapshot) -> JSONValue {
        [
            "bounds": .array(histogram.bounds.map { .number(MetricText.number($0)) }),
            "counts": .array(histogram.counts.map { .integer($0) }),
        ]
    }
}
