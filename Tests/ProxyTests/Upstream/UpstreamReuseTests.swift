import NIOCore
import Synchronization
import Testing

@testable import Proxy

@Suite("Upstream: connections that are not used again")
struct UpstreamReuseTests {
    /// Answers the first request of the first connection as told, and every other one with `fresh`.
    private func server(
        tls: ServerIdentity? = nil, first: @escaping @Sendable (any Channel) -> Void
    ) async throws -> LoopbackServer {
        try await LoopbackServer(tls: tls) { received, channel in
            if received.connection == 1, received.number == 1 {
                first(channel)
            } else {
                channel.send(LoopbackServer.answer("fresh"))
            }
        }
    }

    private static let stale = LoopbackServer.answer("stale")
    /// Of which a decoder says nothing yet.
    private static let partOfHead = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\nX-Rest: "

    @Test(
        "bytes that follow an answer at once are not the next call's",
        arguments: [
            (LoopbackServer.answer("ok"), "ok", 200), ("HTTP/1.1 204 No Content\r\n\r\n", "", 204),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", 200),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n", "ok", 200),
        ], bothClients)
    func atOnce(_ told: (answer: String, body: String, status: Int), _ kind: UpstreamHarness.Kind) async throws {
        for rest in [Self.stale, Self.partOfHead, "HTTP", "x", String(repeating: "x", count: 40_000)] {
            let server = try await server { channel in channel.send(told.answer + rest) }
            let harness = try UpstreamHarness(kind)
            let first = try await harness.run(harness.request(server.url))
            #expect(first.error == nil)
            #expect(first.head?.status == told.status)
            #expect(String(buffer: first.body) == told.body)
            let second = try await harness.run(harness.request(server.url))
            #expect(second.error == nil)
            #expect(String(buffer: second.body) == "fresh")
            #expect(server.acceptedCount == 2)
            try await harness.stop()
            try await server.stop()
        }
    }

    @Test(
        "nor are those behind the end of a body that came in parts, with TLS or without", arguments: [false, true],
        bothClients)
    func behindParts(isSecure: Bool, _ kind: UpstreamHarness.Kind) async throws {
        let authority = try TestAuthority()
        let waiting = Mutex<(any Channel)?>(nil)
        let server = try await server(tls: isSecure ? try authority.identity() : nil) { channel in
            waiting.withLock { $0 = channel }
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12")
        }
        let url = isSecure ? server.secureURL : server.url
        let harness = try UpstreamHarness(kind, policy: authority.policy)
        let second = harness.eventLoop.makePromise(of: CallRecorder.Outcome.self)
        let isFirstPiece = Atomic<Bool>(true)
        let outcome = try await harness.run(harness.request(url)) { recorder in
            // The next call begins in the very moment the first one ends.
            recorder.ended.futureResult.assumeIsolated().whenComplete { _ in
                let next = CallRecorder(on: harness.eventLoop)
                next.call = harness.client.send(harness.request(url), delegate: next)
                next.ended.futureResult.cascade(to: second)
            }
        } onBody: { _ in
            guard isFirstPiece.exchange(false, ordering: .relaxed) else { return }
            waiting.withLock { $0 }?.send("34" + Self.stale)
        }
        #expect(outcome.error == nil)
        #expect(String(buffer: outcome.body) == "1234")
        let next = try await second.futureResult.get()
        #expect(next.error == nil)
        #expect(String(buffer: next.body) == "fresh")
        #expect(server.acceptedCount == 2)
        try await harness.stop()
        try await server.stop()
    }

    @Test(
        "bytes on a connection at rest close it",
        arguments: ["x", stale, partOfHead, String(repeating: "x", count: 3_000_000)], bothClients)
    func atRest(_ late: String, _ kind: UpstreamHarness.Kind) async throws {
        let waiting = Mutex<(any Channel)?>(nil)
        let server = try await server { channel in
            waiting.withLock { $0 = channel }
            channel.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        }
        let harness = try UpstreamHarness(kind)
        let first = try await harness.run(harness.request(server.url))
        #expect(String(buffer: first.body) == "ok")
        waiting.withLock { $0 }?.send(late)
        try await server.connectionsClosed()
        let second = try await harness.run(harness.request(server.url))
        #expect(second.error == nil)
        #expect(String(buffer: second.body) == "fresh")
        #expect(server.acceptedCount == 2)
        try await harness.stop()
        try await server.stop()
    }

    @Test(
        "an answer before the request was read is taken, and ends the connection",
        arguments: ["200 OK", "429 Too Many Requests", "413 Content Too Large"], bothClients)
    func early(_ status: String, _ kind: UpstreamHarness.Kind) async throws {
        let answered = Mutex<Set<ObjectIdentifier>>([])
        let server = try await LoopbackServer(onBytes: { channel in
            if answered.withLock({ $0.insert(ObjectIdentifier(channel)).inserted }) {
                channel.send(LoopbackServer.answer("early", status: status))
            }
            return true
        }) { _, _ in }
        let harness = try UpstreamHarness(kind)
        let body = ByteBuffer(repeating: 0x61, count: 32 << 20)
        for count in 1...2 {
            let outcome = try await harness.run(harness.request(server.url, body: body))
            #expect(outcome.error == nil)
            #expect(outcome.head.map { "\($0.status)" } == String(status.prefix(3)))
            #expect(String(buffer: outcome.body) == "early")
            #expect(server.acceptedCount == count)
        }
        try await harness.stop()
        try await server.stop()
    }

    @Test("a connection that has rested too long is closed though no call comes")
    func rested() async throws {
        let server = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(.loop)
        let client = try #require(harness.client as? LoopClient)
        _ = try await harness.run(harness.request(server.url))
        try await harness.eventLoop.submit { client.closeRested() }.get()
        _ = try await harness.run(harness.request(server.url))
        #expect(server.acceptedCount == 1)
        harness.clock.advance(CleartextPool.longestRest)
        try await harness.eventLoop.submit { client.closeRested() }.get()
        try await server.connectionsClosed()
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
    }

    @Test("clean ends of every kind keep the connection", arguments: bothClients)
    func kept(_ kind: UpstreamHarness.Kind) async throws {
        let answers = [
            LoopbackServer.answer("ok"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n",
            LoopbackServer.answer("ok", headers: "Content-Encoding: identity\r\n"),
        ]
        let server = try await LoopbackServer { received, channel in
            channel.send(answers[received.number % answers.count])
        }
        let harness = try UpstreamHarness(kind)
        for _ in 0..<12 {
            let outcome = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
            #expect(outcome.error == nil)
            #expect(String(buffer: outcome.body) == "ok")
        }
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
    }
}
