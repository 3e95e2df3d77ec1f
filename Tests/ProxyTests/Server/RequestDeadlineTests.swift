import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Proxy

@Suite("A guarded listener's clients are not waited for without end")
struct RequestDeadlineTests {
    private let channel = EmbeddedChannel()

    init() throws {
        let setup = HeadGuardSetup(headerTimeoutMS: 5000) { refusal in
            (ByteBuffer(string: "\(refusal.status) \(refusal.code)"), "text/plain")
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
        try pipeline.addHandler(setup)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    @Test("a head that comes byte by byte is answered with 408 when its time is over, and the connection ends")
    func slowHead() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n")
        for second in 1...4 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try send("X-\(second): 1\r\n")
        }
        #expect(try answer() == "")
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try answer().hasSuffix("408 request_timeout"))
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("a body slower than a kilobyte a second ends the connection after the grace, a faster one does not")
    func slowBody() throws {
        try send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        for _ in 1...20 {
            try send(String(repeating: "x", count: 1100))
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(channel.isActive)
        for _ in 1...9 {
            try send("x")
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(!channel.isActive)
    }

    @Test("a connection without a request, and a whole request whose answer takes long, are left alone")
    func waiting() throws {
        channel.embeddedEventLoop.advanceTime(by: .seconds(100))
        #expect(channel.isActive)
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        channel.embeddedEventLoop.advanceTime(by: .seconds(100))
        #expect(channel.isActive)
        #expect(try answer() == "")
    }

    @Test("a reader that takes nothing for a minute is cut, one that goes on in time is not")
    func stalledReader() throws {
        setWritable(false)
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        setWritable(true)
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        setWritable(false)
        channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(!channel.isActive)
    }

    private func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    private func send(_ text: String) throws {
        guard channel.isActive else { return }
        try channel.writeInbound(ByteBuffer(string: text))
    }

    private func answer() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }
}
