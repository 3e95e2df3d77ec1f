import NIOCore

extension ByteBuffer {
    /// Adds bytes at the end, without a copy when there was nothing before.
    mutating func append(_ bytes: ByteBuffer) {
        if readableBytes == 0 { self = bytes } else { writeImmutableBuffer(bytes) }
    }
}

extension ByteBuffer? {
    /// Adds bytes at the end, without a copy when there was nothing before.
    mutating func append(_ bytes: ByteBuffer) {
        if self == nil { self = bytes } else { self?.append(bytes) }
    }
}
