import NIOCore
import Testing

@testable import Proxy

@Suite("Upstream: calls that fail")
struct UpstreamFailureTests {
    private func failure(
        _ kind: UpstreamHarness.Kind, of request: (UpstreamHarness) -> UpstreamRequest
    ) async throws -> (UpstreamError?, CallRecorder.Outcome) {
        let harness = try UpstreamHarness(kind)
        let outcome = try await harness.run(request(harness))
        try await harness.stop()
        return (outcome.error, outcome)
    }

    @Test("a refused connection is not sent", arguments: bothClients)
    func refused(_ kind: UpstreamHarness.Kind) async throws {
        // Nobody listens there; a port that was free a moment ago may be another test's by now.
        let (error, _) = try await failure(kind) { $0.request("http://127.0.0.1:1/") }
        #expect(error?.stage == .notSent)
        #expect(error?.reason == .connect)
    }

    @Test("a server that is not TLS is not sent, nor is one that never shakes hands", arguments: bothClients)
    func tls(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer(onBytes: { channel in
            channel.sendAndClose("HTTP/1.1 400 Bad Request\r\n\r\n")
            return true
        }) { _, _ in }
        let (error, _) = try await failure(kind) { $0.request("https://127.0.0.1:\(server.port)/") }
        #expect(error?.stage == .notSent)
        #expect(error?.reason == .tls)
        try await server.stop()

        let silent = try await LoopbackServer(onBytes: { _ in true }) { _, _ in }
        let brief = UpstreamTimeouts(connectMS: 100, firstByteMS: 0, idleMS: 0, totalMS: 0)
        let (late, _) = try await failure(kind) { $0.request("https://127.0.0.1:\(silent.port)/", timeouts: brief) }
        #expect(late?.stage == .notSent)
        #expect(late?.reason == .connectTimeout)
        #expect(late?.isTimeout == true)
        try await silent.stop()
    }

    @Test("a close before the head is unanswered", arguments: bothClients)
    func closedBeforeHead(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in channel.close(promise: nil) }
        let (error, outcome) = try await failure(kind) { $0.request(server.url, body: ByteBuffer(string: "x")) }
        #expect(error?.stage == .unanswered)
        #expect(error?.reason == .reset)
        #expect(outcome.head == nil)
        #expect(server.requestCount == 1)
        try await server.stop()
    }

    @Test("a close inside the body is broken, with what came before it delivered", arguments: bothClients)
    func closedInBody(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.sendAndClose("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial")
        }
        let (error, outcome) = try await failure(kind) { $0.request(server.url) }
        #expect(error?.stage == .broken)
        #expect(error?.reason == .reset)
        #expect(String(buffer: outcome.body) == "partial")
        try await server.stop()
    }

    @Test("a chunked body without its last chunk is broken", arguments: bothClients)
    func closedInChunks(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.sendAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        }
        let (error, _) = try await failure(kind) { $0.request(server.url) }
        #expect(error?.stage == .broken)
        try await server.stop()
    }

    @Test(
        "a reused connection that dies under a request is reported, and the request is not sent again",
        arguments: bothClients)
    func deadReusedConnection(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { received, channel in
            if received.number == 1 {
                channel.send(LoopbackServer.answer("ok"))
            } else {
                channel.close(promise: nil)
            }
        }
        let harness = try UpstreamHarness(kind)
        let first = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
        #expect(first.error == nil)
        let second = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
        #expect(second.error?.stage == .unanswered)
        #expect(second.error?.reason == .reset)
        #expect(server.requestCount == 2)
        let third = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
        #expect(third.error == nil)
        #expect(server.requestCount == 3)
        try await harness.stop()
        try await server.stop()
    }

    @Test("a backend that closes before it has the whole body is a failed write", arguments: bothClients)
    func writeFails(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer(onBytes: { channel in
            channel.close(promise: nil)
            return true
        }) { _, _ in }
        let body = ByteBuffer(repeating: 0x61, count: 32 << 20)
        let (error, _) = try await failure(kind) { $0.request(server.url, body: body) }
        #expect(error?.stage == .notSent)
        #expect(error?.reason == .writeFailed || error?.reason == .reset)
        try await server.stop()
    }

    @Test("an answer that is not HTTP, or a head that is too large, is malformed", arguments: bothClients)
    func malformed(_ kind: UpstreamHarness.Kind) async throws {
        let big = "HTTP/1.1 200 OK\r\nX-Big: " + String(repeating: "a", count: 70_000) + "\r\n\r\n"
        let many = "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Many: aaaaaaaaaaaa\r\n", count: 4000) + "\r\n"
        let line = "HTTP/1.1 200 OK\r\nX-Line: " + String(repeating: "a", count: 17_000) + "\r\n\r\n"
        let interims = String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 17) + LoopbackServer.answer("ok")
        let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes"
        for answer in ["SSH-2.0-OpenSSH\r\n\r\n", big, many, line, interims, switching] {
            let server = try await LoopbackServer { _, channel in channel.sendAndClose(answer) }
            let (error, outcome) = try await failure(kind) { $0.request(server.url) }
            #expect(error?.stage == .unanswered)
            #expect(error?.reason == .malformed)
            #expect(outcome.head == nil)
            try await server.stop()
        }
        let fits = "X-Big: " + String(repeating: "a", count: 16_000) + "\r\n"
        let server = try await LoopbackServer { _, channel in
            channel.send(LoopbackServer.answer("ok", headers: fits))
        }
        let (error, outcome) = try await failure(kind) { $0.request(server.url) }
        #expect(error == nil)
        #expect(outcome.head?.first("x-big")?.count == 16_000)
        try await server.stop()
    }

    @Test("what cannot be a request is refused before anything is sent", arguments: bothClients)
    func invalidRequests(_ kind: UpstreamHarness.Kind) async throws {
        for url in ["", "not a url", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/"] {
            let (error, _) = try await failure(kind) { $0.request(url) }
            #expect(error?.stage == .notSent, "\(url)")
            #expect(error?.reason == .invalidURL, "\(url)")
        }
        for header in [("X-A", "b\r\nX-C: d"), ("X A", "b"), ("", "b"), ("X:A", "b"), ("X-A", "b\u{0}")] {
            let (error, _) = try await failure(kind) { $0.request("http://127.0.0.1:1/", headers: [header]) }
            #expect(error?.reason == .malformed)
            #expect(error?.stage == .notSent)
        }
        let (error, _) = try await failure(kind) { $0.request("http://127.0.0.1:1/", method: "GET /x") }
        #expect(error?.reason == .malformed)
    }

    @Test("no head in time is unanswered", arguments: bothClients)
    func firstByteTimeout(_ kind: UpstreamHarness.Kind) async throws {
        let harness = try UpstreamHarness(kind)
        let server = try await LoopbackServer { _, _ in harness.clock.advance(.milliseconds(30_001)) }
        let outcome = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
        #expect(outcome.error?.stage == .unanswered)
        #expect(outcome.error?.reason == .firstByteTimeout)
        #expect(outcome.error?.isTimeout == true)
        try await server.connectionsClosed()
        try await harness.stop()
        try await server.stop()
    }

    @Test("silence inside the body is broken", arguments: bothClients)
    func idleTimeout(_ kind: UpstreamHarness.Kind) async throws {
        let harness = try UpstreamHarness(kind)
        let server = try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial")
        }
        let outcome = try await harness.run(
            harness.request(server.url), onBody: { _ in harness.clock.advance(.milliseconds(30_001)) })
        #expect(outcome.error?.stage == .broken)
        #expect(outcome.error?.reason == .idleTimeout)
        #expect(String(buffer: outcome.body) == "partial")
        try await server.connectionsClosed()
        try await harness.stop()
        try await server.stop()
    }

    @Test("the total limit ends a call that still makes progress", arguments: bothClients)
    func totalTimeout(_ kind: UpstreamHarness.Kind) async throws {
        let harness = try UpstreamHarness(kind)
        let server = try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { task in
                channel.send("1\r\na\r\n")
                if !channel.isActive { task.cancel() }
            }
        }
        let outcome = try await harness.run(
            harness.request(server.url), onBody: { _ in harness.clock.advance(.milliseconds(9_000)) })
        #expect(outcome.error?.stage == .broken)
        #expect(outcome.error?.reason == .totalTimeout)
        try await server.connectionsClosed()
        try await harness.stop()
        try await server.stop()
    }
}
