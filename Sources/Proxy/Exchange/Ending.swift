import NIOCore

/// What the client gets once the entry is on disk.
enum Ending {
    /// Nobody is there to get anything.
    case nothing
    case denial(Denial)
    case whole(contentType: String, body: ByteBuffer)
    /// The end mark and all after it.
    case endOfStream(ByteBuffer)
    /// The last piece of a body that was relayed as it came.
    case endOfBody
    /// The stream broke after its first byte.
    case brokenStream(Denial)
}
