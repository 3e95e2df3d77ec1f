import NIOCore

/// Turns a backend's event stream into what the client may have now, and holds back the end mark.
struct EventRelay {
    private static let heldBackBytes = 64 * 1024

    private var events = ServerSentEvents()
    private var filter: StreamFilter
    /// The end mark and everything after it; it leaves once the entry is on disk.
    private(set) var heldBack = ByteBuffer()
    /// The end mark came.
    private(set) var isComplete = false
    /// The stream broke its own rules, or the backend reported a failure inside it.
    private(set) var fault: AttemptFault?
    /// An event came; until then the client has not even a head, so that another backend can still be tried.
    private var hasBegun = false
    /// Comments that came before the first event.
    private var opening = ByteBuffer()

    init(hidesUsage: Bool) {
        filter = StreamFilter(hidesUsage: hidesUsage)
    }

    /// Something of an answer came: an end mark, a piece of a choice, or the reason it ended.
    var isAnswer: Bool { isComplete || filter.hasContent || filter.hasFinishReason }

    /// The last usage the backend reported.
    var usage: UsageReading? { filter.scanner.latest }

    /// Takes the next bytes; answers what can go to the client at once.
    mutating func feed(_ bytes: ByteBuffer) -> ByteBuffer? {
        events.feed(bytes)
        return take { events throws(ServerSentEventsFault) in try events.next() }
    }

    /// The stream ended: answers what was left of it.
    mutating func finish() -> ByteBuffer? {
        take { events throws(ServerSentEventsFault) in try events.finish() }
    }

    /// What comes after the end mark is kept as far as it is sensible, so that it cannot fill the memory.
    private mutating func hold(_ bytes: ByteBuffer) {
        if heldBack.readableBytes + bytes.readableBytes <= Self.heldBackBytes { heldBack.append(bytes) }
    }

    /// A comment is no sign of an answer: it waits for the first event.
    private mutating func forwardBlank(_ bytes: ByteBuffer, _ forward: inout ByteBuffer?) {
        if hasBegun {
            forward.append(bytes)
        } else if opening.readableBytes + bytes.readableBytes <= Self.heldBackBytes {
            opening.append(bytes)
        }
    }

    private mutating func begin(_ forward: inout ByteBuffer?) {
        guard !hasBegun else { return }
        hasBegun = true
        if opening.readableBytes > 0 { forward.append(opening) }
    }

    private mutating func take(
        _ next: (inout ServerSentEvents) throws(ServerSentEventsFault) -> ServerSentEvent?
    ) -> ByteBuffer? {
        var forward: ByteBuffer?
        do {
            while fault == nil, let event = try next(&events) {
                let malformedBefore = filter.malformedEvents
                switch filter.judge(event) {
                case .drop: break
                case .forward(let bytes):
                    if isComplete {
                        hold(bytes)
                    } else if event.isBlank {
                        forwardBlank(bytes, &forward)
                    } else if filter.malformedEvents > malformedBefore {
                        fault = .malformed
                    } else {
                        begin(&forward)
                        forward.append(bytes)
                    }
                case .end(let bytes):
                    isComplete = true
                    hold(bytes)
                case .failure:
                    fault = event.data.map { BackendErrorObject.fault($0) } ?? .errorObject
                }
            }
        } catch {
            fault = .malformed
        }
        return forward
    }
}

extension ServerSentEvent {
    /// A comment, or an event without data.
    fileprivate var isBlank: Bool { (data?.readableBytes ?? 0) == 0 }
}

extension ByteBuffer {
    /// Adds bytes at the end, without a copy when there was nothing before.
    fileprivate mutating func append(_ bytes: ByteBuffer) {
        if readableBytes == 0 { self = bytes } else { writeImmutableBuffer(bytes) }
    }
}

extension ByteBuffer? {
    fileprivate mutating func append(_ bytes: ByteBuffer) {
        if self == nil { self = bytes } else { self?.append(bytes) }
    }
}
