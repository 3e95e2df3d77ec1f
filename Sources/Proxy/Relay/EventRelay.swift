import NIOCore

/// Turns a backend's event stream into what the client may have now, and holds back the end mark; confined to its event
/// loop. Not a value, so that no chunk moves all of it.
final class EventRelay {
    private static let heldBackBytes = 64 * 1024

    private var events: ServerSentEvents
    private var filter: StreamFilter
    /// The end mark and everything after it, or the event that was the last; it leaves once the entry is on disk.
    private(set) var heldBack = ByteBuffer()
    /// The end mark came.
    private(set) var isComplete = false
    /// The stream broke its own rules, or the backend reported a failure inside it.
    private(set) var fault: AttemptFault?
    /// The failure that the end mark itself reports.
    private(set) var endFault: AttemptFault?
    /// An event came; until then the client has not even a head, so that another backend can still be tried.
    private var hasBegun = false
    /// Comments that came before the first event.
    private var opening = ByteBuffer()
    /// An event that waits for the next one, because it may be the last.
    private var waiting: ByteBuffer?

    init(_ dialect: Dialect, hidesUsage: Bool, images: Int64 = 1) {
        let limit = dialect.eventLimit
        events = ServerSentEvents(lineLimit: limit, eventLimit: max(limit, 4 << 20))
        filter = StreamFilter(dialect, hidesUsage: hidesUsage, images: images)
    }

    /// Something of an answer came: an end mark, a piece of a choice, or the reason it ended.
    var isAnswer: Bool { isComplete || filter.hasContent || filter.hasFinishReason }

    /// What the stream said of its usage.
    var scanner: UsageScanner { filter.scanner }

    /// What the answer calls itself; nil unless it is to be remembered.
    var identity: AnswerIdentity? { filter.identity }

    /// Reads from now on what the answer calls itself.
    func rememberIdentity() {
        filter.identity = AnswerIdentity()
    }

    /// The place that an event of our own has in the stream.
    var nextSequence: Int64 { filter.sequence.clampedSum(1) }

    /// Takes the next bytes; answers what can go to the client at once.
    func feed(_ bytes: ByteBuffer) -> ByteBuffer? {
        events.feed(bytes)
        return take { events throws(ServerSentEventsFault) in try events.next() }
    }

    /// The stream ended: answers what was left of it. Without an end mark its last event is held back.
    func finish() -> ByteBuffer? {
        let forward = take { events throws(ServerSentEventsFault) in try events.finish() }
        if let last = waiting, fault == nil {
            waiting = nil
            hold(last)
        }
        return forward
    }

    /// The stream will not go on: answers the event that waited for the next.
    func giveUp() -> ByteBuffer? {
        defer { waiting = nil }
        return waiting
    }

    /// What comes after the end mark is kept as far as it is sensible, so that it cannot fill the memory.
    private func hold(_ bytes: ByteBuffer) {
        let isFirst = heldBack.readableBytes == 0
        if isFirst || heldBack.readableBytes + bytes.readableBytes <= Self.heldBackBytes { heldBack.append(bytes) }
    }

    /// A comment is no sign of an answer: it waits for the first event.
    private func forwardAside(_ bytes: ByteBuffer, _ forward: inout ByteBuffer?) {
        if hasBegun {
            forward.append(bytes)
        } else if opening.readableBytes + bytes.readableBytes <= Self.heldBackBytes {
            opening.append(bytes)
        }
    }

    private func begin(_ forward: inout ByteBuffer?) {
        guard !hasBegun else { return }
        hasBegun = true
        if opening.readableBytes > 0 { forward.append(opening) }
    }

    /// The bytes of an event that does not go on at once, after the comments if it is the first.
    private func begun(with bytes: ByteBuffer) -> ByteBuffer {
        guard !hasBegun else { return bytes }
        hasBegun = true
        guard opening.readableBytes > 0 else { return bytes }
        var first = opening
        first.append(bytes)
        return first
    }

    private func release(_ forward: inout ByteBuffer?) {
        guard let bytes = waiting else { return }
        waiting = nil
        forward.append(bytes)
    }

    private func take(
        _ next: (inout ServerSentEvents) throws(ServerSentEventsFault) -> ServerSentEvent?
    ) -> ByteBuffer? {
        var forward: ByteBuffer?
        do {
            while fault == nil, let event = try next(&events) {
                let verdict = filter.judge(event)
                if !isComplete { act(on: verdict, &forward) } else if let bytes = verdict.bytes { hold(bytes) }
            }
        } catch {
            fault = .malformed
        }
        if fault != nil { release(&forward) }
        return forward
    }

    private func act(on verdict: StreamVerdict, _ forward: inout ByteBuffer?) {
        switch verdict {
        case .drop: break
        case .aside(let bytes):
            release(&forward)
            forwardAside(bytes, &forward)
        case .forward(let bytes):
            release(&forward)
            begin(&forward)
            forward.append(bytes)
        case .maybeLast(let bytes):
            release(&forward)
            // Until more follows, another backend can still be tried.
            waiting = begun(with: bytes)
        case .end(let bytes):
            release(&forward)
            isComplete = true
            hold(begun(with: bytes))
        case .failedEnd(let bytes, let reason):
            guard hasBegun else { return fault = reason }
            release(&forward)
            isComplete = true
            endFault = reason
            hold(bytes)
        case .failure(let reason):
            fault = reason
        }
    }
}
