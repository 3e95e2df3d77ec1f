import NIOCore

/// A buffer that is written to a socket again and again: most sockets take at once what they are given, and the memory
/// is free for the next answer.
struct ReusedBuffer {
    /// No larger one is kept.
    static let keptBytes = 64 * 1024

    private var kept: ByteBuffer?

    /// An empty buffer with room for so many bytes. While a socket still holds the one kept, it is another.
    mutating func take(_ bytes: Int) -> ByteBuffer {
        guard var buffer = kept.take() else { return ByteBufferAllocator().buffer(capacity: bytes) }
        buffer.clear(minimumCapacity: bytes)
        return buffer
    }

    /// Keeps the memory of what was given to a socket.
    mutating func keep(_ sent: ByteBuffer) {
        if sent.capacity <= Self.keptBytes { kept = sent }
    }
}
