import NIOCore

extension ByteBuffer {
    /// Adds bytes at the end, without a copy when there was nothing before.
    mutating func append(_ bytes: ByteBuffer) {
        if readableBytes == 0 { return self = bytes }
        // A buffer that is never read to its end would keep all it ever held.
        discardReadBytes()
        writeImmutableBuffer(bytes)
    }
}

extension ByteBuffer? {
    /// Adds bytes at the end, without a copy when there was nothing before.
    mutating func append(_ bytes: ByteBuffer) {
        if self == nil { self = bytes } else { self?.append(bytes) }
    }
}
