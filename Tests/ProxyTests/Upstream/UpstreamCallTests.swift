import NIOCore
import Testing

@testable import Proxy

@Suite("Upstream: calls that succeed")
struct UpstreamCallTests {
    @Test("a POST arrives whole and its answer comes back with lower-cased header names", arguments: bothClients)
    func postIsEchoed(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { received, channel in
            #expect(received.head.hasPrefix("POST /v1/../chat?x=1 HTTP/1.1\r\n"))
            #expect(received.head.contains("\r\nAuthorization: Bearer k\r\n"))
            #expect(received.head.contains("\r\nX-Empty:"))
            #expect(!received.head.lowercased().contains("expect:"))
            #expect(!received.head.lowercased().contains("x-www-form-urlencoded"))
            channel.send(LoopbackServer.answer(String(buffer: received.body), headers: "X-Up: A b \r\n"))
        }
        let harness = try UpstreamHarness(kind)
        let headers = [("Authorization", "Bearer k"), ("X-Empty", ""), ("Content-Length", "999")]
        let outcome = try await harness.run(
            harness.request(server.url + "/v1/../chat?x=1", headers: headers, body: ByteBuffer(string: "hello")))
        #expect(outcome.error == nil)
        #expect(outcome.head?.status == 200)
        #expect(outcome.head?.first("x-up") == "A b")
        #expect(String(buffer: outcome.body) == "hello")
        try await harness.stop()
        try await server.stop()
    }

    @Test("methods do not leak from one call to the next on a reused handle", arguments: bothClients)
    func methodsAlternate(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { received, channel in
            let method = String(received.head.prefix { $0 != " " })
            let isHead = method == "HEAD"
            channel.send(isHead ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" : LoopbackServer.answer(method))
        }
        let harness = try UpstreamHarness(kind)
        for method in ["GET", "POST", "HEAD", "GET", "DELETE", "POST", "PUT", "GET", "HEAD", "POST"] {
            let body = ByteBuffer(string: method == "POST" || method == "PUT" ? "b" : "")
            let outcome = try await harness.run(harness.request(server.url, method: method, body: body))
            #expect(outcome.error == nil)
            #expect(String(buffer: outcome.body) == (method == "HEAD" ? "" : method))
        }
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
    }

    @Test("a chunked stream is delivered piece by piece, trailers left out", arguments: bothClients)
    func chunkedStream(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            channel.eventLoop.execute {
                channel.send("6\r\nsecond\r\n0\r\nX-Trailer: t\r\n\r\n")
            }
        }
        let harness = try UpstreamHarness(kind)
        let outcome = try await harness.run(harness.request(server.url))
        #expect(outcome.error == nil)
        #expect(String(buffer: outcome.body) == "firstsecond")
        #expect(outcome.head?.first("x-trailer") == nil)
        try await harness.stop()
        try await server.stop()
    }

    @Test("interim 1xx heads are skipped and a 204 ends without a body", arguments: bothClients)
    func interimAndEmpty(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { received, channel in
            if received.number == 1 {
                channel.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
                channel.send(LoopbackServer.answer("done"))
            } else {
                channel.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }
        let harness = try UpstreamHarness(kind)
        let first = try await harness.run(harness.request(server.url))
        #expect(first.error == nil)
        #expect(first.head?.status == 200)
        #expect(first.head?.first("link") == nil)
        #expect(String(buffer: first.body) == "done")
        let second = try await harness.run(harness.request(server.url))
        #expect(second.error == nil)
        #expect(second.head?.status == 204)
        #expect(second.body.readableBytes == 0)
        try await harness.stop()
        try await server.stop()
    }

    @Test("a 2 MiB body goes up whole and the connection is kept alive", arguments: bothClients)
    func largeUpload(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { received, channel in
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: \(received.body.readableBytes)\r\n\r\n")
            channel.writeAndFlush(received.body, promise: nil)
        }
        let harness = try UpstreamHarness(kind)
        let body = ByteBuffer(bytes: (0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
        for _ in 0..<2 {
            let outcome = try await harness.run(harness.request(server.url, body: body))
            #expect(outcome.error == nil)
            #expect(outcome.body == body)
        }
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
    }

    @Test("calls one after the other share one connection", arguments: bothClients)
    func keepAlive(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(kind)
        for _ in 0..<50 {
            let outcome = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
            #expect(outcome.error == nil)
        }
        #expect(server.acceptedCount == 1)
        #expect(server.requestCount == 50)
        try await harness.stop()
        try await server.stop()
    }

    @Test("300 calls at once all end with their own answer", arguments: bothClients)
    func parallelCalls(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { received, channel in
            channel.send(LoopbackServer.answer(String(buffer: received.body)))
        }
        let harness = try UpstreamHarness(kind)
        for _ in 0..<2 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<300 {
                    group.addTask {
                        let body = ByteBuffer(string: "call \(index)")
                        let outcome = try await harness.run(harness.request(server.url, body: body))
                        #expect(outcome.error == nil)
                        #expect(outcome.body == body)
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(server.acceptedCount <= 300)
        #expect(server.requestCount == 600)
        try await harness.stop()
        try await server.stop()
    }

    @Test("host names are resolved, and sockets whose numbers come back still work", arguments: bothClients)
    func namesAndClosedConnections(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.sendAndClose(LoopbackServer.answer("ok", headers: "Connection: close\r\n"))
        }
        for _ in 0..<3 {
            // A new client each time: libcurl remembers names it has looked up.
            let harness = try UpstreamHarness(kind)
            for _ in 0..<10 {
                let outcome = try await harness.run(harness.request("http://localhost:\(server.port)/"))
                #expect(outcome.error == nil)
            }
            try await harness.stop()
        }
        #expect(server.acceptedCount == 30)
        try await server.stop()
    }

    @Test("a connection the backend closed while at rest is replaced without an error", arguments: bothClients)
    func closedAtRest(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in channel.sendAndClose(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(kind)
        for _ in 0..<5 {
            let outcome = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
            #expect(outcome.error == nil)
            try await server.connectionsClosed()
        }
        #expect(server.acceptedCount == 5)
        #expect(server.requestCount == 5)
        try await harness.stop()
        try await server.stop()
    }

    @Test("a call may be started from inside a delegate's call", arguments: bothClients)
    func callFromDelegate(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(kind)
        let inner = harness.eventLoop.makePromise(of: CallRecorder.Outcome.self)
        let outer = try await harness.run(harness.request(server.url)) { _ in
            let recorder = CallRecorder(on: harness.eventLoop)
            recorder.call = harness.client.send(harness.request(server.url), delegate: recorder)
            recorder.ended.futureResult.cascade(to: inner)
        }
        #expect(outer.error == nil)
        #expect(try await inner.futureResult.get().error == nil)
        try await harness.stop()
        try await server.stop()
    }
}
