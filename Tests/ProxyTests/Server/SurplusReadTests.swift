import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Proxy

@Suite("A guarded listener reads slowly what it throws away")
struct SurplusReadTests {
    private let channel = EmbeddedChannel()
    private let reads = ReadCounter()

    init() throws {
        let setup = HeadGuardSetup(headerTimeoutMS: 5000) { _ in (ByteBuffer(), "text/plain") }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(reads)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
        try pipeline.addHandler(setup)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    @Test("what belongs to a request is read at once")
    func wanted() throws {
        try send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        #expect(readsAtOnce() == 1)
    }

    @Test(
        "what comes behind is not, be it behind what is no HTTP, a refused head or a last request",
        arguments: [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nno field\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
        ])
    func surplus(_ sent: String) throws {
        try send(sent)
        #expect(readsAtOnce() == 0)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2))
        #expect(reads.count == 1)
    }

    /// Of one that is asked for now.
    private func readsAtOnce() -> Int {
        reads.count = 0
        channel.read()
        return reads.count
    }

    private func send(_ text: String) throws {
        // The parser's error is for whoever serves the requests.
        do { try channel.writeInbound(ByteBuffer(string: text)) } catch is HTTPParserError {}
    }
}

private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Any

    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
