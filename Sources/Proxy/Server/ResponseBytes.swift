import NIOCore

/// The bodies of answers as HTTP/1.1 has them on the wire when their length is not known; pure.
///
/// Written in place of the codec's encoder, which sends each chunk in three pieces.
enum ResponseBytes {
    /// Room for what stands around a chunk's bytes, and for the last chunk.
    static let chunkRoom = 32

    /// One chunk of a body whose length nobody knew; nothing for no bytes, which would end the body.
    static func writeChunk(_ bytes: ByteBuffer, to buffer: inout ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        writeHexadecimal(bytes.readableBytes, to: &buffer)
        buffer.writeStaticString("\r\n")
        buffer.writeImmutableBuffer(bytes)
        buffer.writeStaticString("\r\n")
    }

    /// The end of a body in chunks.
    static let lastChunk: StaticString = "0\r\n\r\n"

    private static func writeHexadecimal(_ number: Int, to buffer: inout ByteBuffer) {
        var shift = (Int.bitWidth - number.leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> shift & 0xF)
            buffer.writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
    }
}
