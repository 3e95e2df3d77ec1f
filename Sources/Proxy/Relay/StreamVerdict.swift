import NIOCore

/// What becomes of one event of a stream.
enum StreamVerdict: Equatable {
    /// Send these bytes on.
    case forward(ByteBuffer)
    /// A comment or another sign of life: send it on, but it is no sign of an answer.
    case aside(ByteBuffer)
    /// Send these bytes on once another event follows: they may be the stream's last.
    case maybeLast(ByteBuffer)
    /// The client did not ask for this event.
    case drop
    /// The end mark; it and all after it wait for the settle.
    case end(ByteBuffer)
    /// The end mark of an answer that failed.
    case failedEnd(ByteBuffer, AttemptFault)
    /// The event breaks the format, or reports a failure.
    case failure(AttemptFault)

    /// What of the event may go on at all.
    var bytes: ByteBuffer? {
        switch self {
        case .forward(let bytes), .aside(let bytes), .maybeLast(let bytes), .end(let bytes), .failedEnd(let bytes, _):
            bytes
        case .drop, .failure: nil
        }
    }
}
