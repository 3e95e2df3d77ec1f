import Synchronization

/// Finished spans on their way to the exporter; full, it drops the newest and counts them.
final class SpanQueue: Sendable {
    private struct State {
        var spans: [Span] = []
        var dropped: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: how many spans wait at most.
    init(limit: Int) {
        self.limit = limit
    }

    /// Spans that found no room.
    var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Takes the spans of one call, all or none: half a trace would tell a wrong story.
    func offer(_ spans: [Span]) {
        state.withLock { state in
            if state.spans.count + spans.count <= limit {
                state.spans.append(contentsOf: spans)
            } else {
                state.dropped &+= UInt64(spans.count)
            }
        }
    }

    /// The oldest spans, which then wait no more.
    func take(_ most: Int) -> [Span] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(most))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }
}
