import NIOHTTP1

/// Begins the traces of calls and hands finished ones to the exporter.
public final class Tracer: Sendable {
    /// Spans that wait to be sent; some megabytes at most.
    static let queueLimit = 8192

    private let sampler: TraceSampler
    let queue = SpanQueue(limit: Tracer.queueLimit)

    /// - Parameter sharePPM: parts in a million that are recorded of the calls that name no trace.
    public init(sharePPM: Int64) {
        sampler = TraceSampler(sharePPM: sharePPM)
    }

    /// A call's trace; nil if it is not recorded.
    func begin(_ headers: HTTPHeaders, using random: inout some RandomNumberGenerator) -> RequestTrace? {
        if let header = headers.first(name: "traceparent"), let caller = TraceContext(header) {
            guard caller.isSampled else { return nil }
            return RequestTrace(
                traceHigh: caller.traceHigh, traceLow: caller.traceLow, parentID: caller.spanID,
                spanID: Self.id(&random))
        }
        let low = random.next()
        guard sampler.takes(traceLow: low) else { return nil }
        return RequestTrace(traceHigh: Self.id(&random), traceLow: low, parentID: nil, spanID: Self.id(&random))
    }

    /// Zero is no name.
    static func id(_ random: inout some RandomNumberGenerator) -> UInt64 {
        UInt64.random(in: 1...UInt64.max, using: &random)
    }
}
