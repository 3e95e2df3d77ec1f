import NIOCore
import Testing

@testable import Proxy

struct ResponseBytesTests {
    @Test(arguments: [(1, "1"), (15, "f"), (16, "10"), (255, "ff"), (4096, "1000"), (70_001, "11171")])
    func `a chunk begins with its length in hexadecimal`(length: Int, digits: String) {
        var buffer = ByteBuffer()
        ResponseBytes.writeChunk(ByteBuffer(repeating: UInt8(ascii: "x"), count: length), to: &buffer)
        #expect(String(buffer: buffer) == digits + "\r\n" + String(repeating: "x", count: length) + "\r\n")
    }

    @Test func `no bytes are no chunk`() {
        var buffer = ByteBuffer()
        ResponseBytes.writeChunk(ByteBuffer(), to: &buffer)
        #expect(buffer.readableBytes == 0)
    }
}
