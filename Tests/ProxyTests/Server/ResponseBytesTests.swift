import NIOCore
import NIOHTTP1
import Testing

@testable import Proxy

struct ResponseBytesTests {
    private func head(
        _ status: Int, version: HTTPVersion = .http1_1, fields: [(String, String)] = [], isChunked: Bool = false,
        isLast: Bool = false
    ) -> String {
        var buffer = ByteBuffer()
        ResponseBytes.writeHead(
            status: status, version: version, fields: fields, isChunked: isChunked, isLast: isLast, to: &buffer)
        return String(buffer: buffer)
    }

    @Test func `a head has a status line, its fields and an empty line`() {
        #expect(
            head(200, fields: [("content-length", "2"), ("x-request-id", "req_1")])
                == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-request-id: req_1\r\n\r\n")
    }

    @Test(arguments: [(404, "404 Not Found"), (429, "429 Too Many Requests"), (503, "503 Service Unavailable")])
    func `other statuses have their reason`(status: Int, line: String) {
        #expect(head(status) == "HTTP/1.1 \(line)\r\n\r\n")
    }

    @Test func `chunks and the last answer of a connection are announced`() {
        #expect(
            head(200, isChunked: true, isLast: true)
                == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
        #expect(head(200, version: .http1_0, isLast: true) == "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n")
    }

    @Test(arguments: ["a\r\nset-cookie: b", "a\n\nb", "a\u{0}b\u{7F}"])
    func `no value can end its line`(value: String) {
        let text = head(200, fields: [("x-a", value), ("x-b", "ü")])
        #expect(text.split(separator: "\r\n", omittingEmptySubsequences: false).count == 5)
        #expect(!text.dropLast(4).utf8.contains { $0 == 0 || $0 == 0x7F })
        #expect(text.contains("x-b: ü\r\n"))
    }

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
