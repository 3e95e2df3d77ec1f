import NIOCore

/// Splits a stream into its events as chunks arrive. The bytes of all events in order are the bytes of the stream.
///
/// A chunk that is one whole event is passed on without a copy; the start of an event is kept until its end comes.
struct ServerSentEvents {
    private let lineLimit: Int
    private let eventLimit: Int
    /// What is not part of an event yet; nothing is kept of a chunk that was used up, so that its memory is free again.
    private var pending: ByteBuffer?
    private var lines = ServerSentEventLines()
    private var isStreamStart = true

    /// - Parameters:
    ///   - lineLimit: bytes in one line.
    ///   - eventLimit: bytes in one event.
    init(lineLimit: Int = 1 << 20, eventLimit: Int = 4 << 20) {
        self.lineLimit = lineLimit
        self.eventLimit = eventLimit
    }

    /// Takes the next bytes of the stream; then call `next` until nil.
    mutating func feed(_ chunk: ByteBuffer) {
        pending.append(chunk)
    }

    /// The next whole event; nil until more bytes come. After a fault the stream is beyond repair.
    mutating func next() throws(ServerSentEventsFault) -> ServerSentEvent? {
        try take(isStreamEnd: false)
    }

    /// What is left when the stream ended; call until nil. An event without its blank line is given one.
    mutating func finish() throws(ServerSentEventsFault) -> ServerSentEvent? {
        if let event = try take(isStreamEnd: true) { return event }
        guard var raw = pending.take(), raw.readableBytes > 0 else { return nil }
        let last = raw.getInteger(at: raw.writerIndex - 1, as: UInt8.self)
        // After a lone CR a single LF would only complete that line's end.
        raw.writeStaticString(last == UInt8(ascii: "\n") ? "\n" : "\n\n")
        let event = ServerSentEvent(raw: raw, isComplete: false, lines: lines)
        lines = ServerSentEventLines()
        return event
    }

    private mutating func take(isStreamEnd: Bool) throws(ServerSentEventsFault) -> ServerSentEvent? {
        guard let pending, pending.readableBytes > 0 else { return nil }
        let length = try pending.withUnsafeReadableBytes { bytes throws(ServerSentEventsFault) in
            try lines.advance(
                in: bytes, isStreamStart: isStreamStart, isStreamEnd: isStreamEnd, lineLimit: lineLimit)
        }
        guard length ?? pending.readableBytes <= eventLimit else { throw .eventTooLong }
        guard let length, let raw = takePending(length) else { return nil }
        let event = ServerSentEvent(raw: raw, isComplete: true, lines: lines)
        lines = ServerSentEventLines()
        isStreamStart = false
        return event
    }

    private mutating func takePending(_ length: Int) -> ByteBuffer? {
        pending?.readableBytes == length ? pending.take() : pending?.readSlice(length: length)
    }
}
