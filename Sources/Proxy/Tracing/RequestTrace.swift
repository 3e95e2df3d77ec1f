/// What is recorded of one call while it goes on; confined to its event loop.
final class RequestTrace {
    /// One attempt that is under way.
    private struct Attempt {
        let spanID: UInt64
        /// On the monotonic clock, in nanoseconds.
        let start: Int64
    }

    private let traceHigh: UInt64
    private let traceLow: UInt64
    private let parentID: UInt64?
    private let spanID: UInt64
    private var attempt: Attempt?
    /// Finished attempts; their times are on the monotonic clock still.
    private var spans: [Span] = []

    init(traceHigh: UInt64, traceLow: UInt64, parentID: UInt64?, spanID: UInt64) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.parentID = parentID
        self.spanID = spanID
    }

    /// The header for the attempt at hand; nil between attempts.
    var traceparent: String? { attempt.map { context($0.spanID).text } }

    /// An attempt begins at `uptime`, in nanoseconds.
    func beginAttempt(at uptime: Int64, using random: inout some RandomNumberGenerator) {
        attempt = Attempt(spanID: Tracer.id(&random), start: uptime)
    }

    /// The attempt at hand ended; without one nothing happens.
    func endAttempt(name: String, attributes: [Span.Attribute], isFailed: Bool, at uptime: Int64) {
        guard let attempt else { return }
        self.attempt = nil
        spans.append(
            Span(
                context: context(attempt.spanID), parentID: spanID, name: name, kind: .client, start: attempt.start,
                end: max(attempt.start, uptime), attributes: attributes, isFailed: isFailed))
    }

    /// All spans of the call, which began at `start` and ended at `uptime`, both in nanoseconds of the monotonic clock.
    /// - Parameter epoch: nanoseconds since 1970 at which that clock was zero.
    func finish(
        name: String, attributes: [Span.Attribute], isFailed: Bool, from start: Int64, to uptime: Int64, epoch: Int64
    ) -> [Span] {
        let own = Span(
            context: context(spanID), parentID: parentID, name: name, kind: .server, start: start,
            end: max(start, uptime), attributes: attributes, isFailed: isFailed)
        return ([own] + spans).map { $0.moved(by: epoch) }
    }

    private func context(_ spanID: UInt64) -> TraceContext {
        TraceContext(traceHigh: traceHigh, traceLow: traceLow, spanID: spanID, isSampled: true)
    }
}

extension Span {
    fileprivate func moved(by nanoseconds: Int64) -> Span {
        Span(
            context: context, parentID: parentID, name: name, kind: kind, start: start.clampedSum(nanoseconds),
            end: end.clampedSum(nanoseconds), attributes: attributes, isFailed: isFailed)
    }
}
