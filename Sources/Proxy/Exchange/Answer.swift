import NIOCore

/// How the answer of the attempt at hand is handled.
enum Answer {
    /// No head yet.
    case none
    /// A body held whole until the entry is on disk.
    case whole(contentType: String, body: ByteBuffer)
    /// Server-sent events, relayed as they come.
    case events(EventRelay)
    /// A status that is not the client's to see; its body is thrown away.
    case useless
}

/// What the client gets once the entry is on disk.
enum Ending {
    /// Nobody is there to get anything.
    case nothing
    case denial(Denial)
    case whole(contentType: String, body: ByteBuffer)
    /// The end mark and all after it.
    case endOfStream(ByteBuffer)
    /// The stream broke after its first byte.
    case brokenStream(Denial)
}
