import NIOCore

/// What becomes of one event of a stream.
enum StreamVerdict: Equatable {
    /// Send these bytes on.
    case forward(ByteBuffer)
    /// The client did not ask for this event.
    case drop
    /// The end mark; it and all after it wait for the settle.
    case end(ByteBuffer)
    /// The backend reports a failure in these bytes, before or after the first piece of an answer was passed on.
    case failure(ByteBuffer, afterContent: Bool)
}
