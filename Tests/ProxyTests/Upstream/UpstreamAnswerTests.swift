import NIOCore
import Testing

@testable import Proxy

@Suite("Upstream: answers that are not to be believed")
struct UpstreamAnswerTests {
    @Test(
        "a coded body is malformed, and the head before it is still told",
        arguments: [
            ("Content-Encoding: gzip\r\n", "200 OK"), ("Content-Encoding: br\r\n", "429 Too Many Requests"),
            ("Content-Encoding: identity, gzip\r\n", "200 OK"),
        ], bothClients)
    func codedBody(_ told: (header: String, status: String), _ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            let headers = told.header + "Retry-After: 7\r\n"
            channel.send(LoopbackServer.answer("\u{1F}\u{8B}...", status: told.status, headers: headers))
        }
        let harness = try UpstreamHarness(kind)
        let outcome = try await harness.run(harness.request(server.url))
        #expect(outcome.error?.stage == .broken)
        #expect(outcome.error?.reason == .malformed)
        #expect(outcome.head?.first("retry-after") == "7")
        #expect(outcome.body.readableBytes == 0)
        try await server.connectionsClosed()
        try await harness.stop()
        try await server.stop()
    }

    @Test("a transfer coding other than chunked is malformed, not decoded", arguments: bothClients)
    func codedTransfer(_ kind: UpstreamHarness.Kind) async throws {
        let empty: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 4, 0, 0x43, 0xBE, 0xB7, 0xE8, 1, 0, 0, 0,
        ]
        for coding in ["gzip", "gzip, chunked", "deflate", "x"] {
            let server = try await LoopbackServer { _, channel in
                channel.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: \(coding)\r\n\r\n15\r\n")
                channel.writeAndFlush(ByteBuffer(bytes: empty), promise: nil)
                channel.sendAndClose("\r\n0\r\n\r\n")
            }
            let harness = try UpstreamHarness(kind)
            let outcome = try await harness.run(harness.request(server.url))
            #expect(outcome.error?.reason == .malformed, "\(coding): \(outcome.error?.description ?? "")")
            #expect(outcome.body.readableBytes == 0)
            try await harness.stop()
            try await server.stop()
        }
    }

    @Test(
        "a head that leaves open where its body ends is malformed",
        arguments: [
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Content-Length: 4, 4", "Content-Length: 4x",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
            "Transfer-Encoding: chunked\r\nContent-Length: 15", "Content-Length: 4\r\nContent-Length: 5",
        ], bothClients)
    func openEnd(_ headers: String, _ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.sendAndClose("HTTP/1.1 200 OK\r\n\(headers)\r\n\r\n4\r\nbody\r\n0\r\n\r\n")
        }
        let harness = try UpstreamHarness(kind)
        let outcome = try await harness.run(harness.request(server.url))
        #expect(outcome.error?.reason == .malformed, "\(outcome.error?.description ?? "")")
        #expect(outcome.body.readableBytes == 0)
        try await harness.stop()
        try await server.stop()
    }

    @Test("an answer that trickles is cut as too slow", arguments: bothClients)
    func minimumRate(_ kind: UpstreamHarness.Kind) async throws {
        let limits = UpstreamTimeouts(connectMS: 30_000, firstByteMS: 30_000, idleMS: 0, totalMS: 0, minRate: 1)
        let harness = try UpstreamHarness(kind)
        let server = try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na")
        }
        let outcome = try await harness.run(
            harness.request(server.url, timeouts: limits), onBody: { _ in harness.clock.advance(.seconds(30)) })
        #expect(outcome.error?.stage == .broken)
        #expect(outcome.error?.reason == .minimumRate)
        #expect(outcome.error?.isTimeout == true)
        #expect(String(buffer: outcome.body) == "a")
        try await server.connectionsClosed()
        try await server.stop()
        try await harness.stop()
    }
}
