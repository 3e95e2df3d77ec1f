import NIOCore
import Synchronization
import Testing

@testable import Proxy

@Suite("Upstream: cancel, pause and shutdown")
struct UpstreamControlTests {
    private static let size = 8 << 20

    private static func pattern(_ count: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) })
    }

    private func bigServer(_ body: ByteBuffer) async throws -> LoopbackServer {
        try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.readableBytes)\r\n\r\n")
            channel.writeAndFlush(body, promise: nil)
        }
    }

    @Test("cancel closes the upstream connection and silences the delegate", arguments: bothClients)
    func cancelClosesConnection(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial")
        }
        let harness = try UpstreamHarness(kind)
        let cancelled = harness.eventLoop.makePromise(of: NIOLoopBound<CallRecorder>.self)
        harness.eventLoop.execute {
            let recorder = CallRecorder(on: harness.eventLoop)
            recorder.onBody = { recorder in
                recorder.call?.cancel()
                recorder.call?.cancel()
                cancelled.succeed(NIOLoopBound(recorder, eventLoop: harness.eventLoop))
            }
            recorder.call = harness.client.send(harness.request(server.url), delegate: recorder)
        }
        let recorder = try await cancelled.futureResult.get()
        try await server.connectionsClosed()
        try await harness.stop()
        try await harness.eventLoop.submit {
            #expect(recorder.value.endCount == 0)
            recorder.value.onBody = nil
            recorder.value.call = nil
            recorder.value.ended.succeed(recorder.value.outcome)
        }.get()
        try await server.stop()
    }

    @Test("cancel right after send leaves nothing behind", arguments: bothClients)
    func cancelAtOnce(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(kind)
        try await harness.eventLoop.submit {
            let recorder = CallRecorder(on: harness.eventLoop)
            for url in [server.url, "nonsense"] {
                let call = harness.client.send(harness.request(url), delegate: recorder)
                call.cancel()
                call.resume()
                call.pause()
            }
            recorder.ended.succeed(recorder.outcome)
        }.get()
        let outcome = try await harness.run(harness.request(server.url))
        #expect(outcome.error == nil)
        try await harness.stop()
        try await server.stop()
    }

    @Test("an 8 MiB body paused after every piece arrives byte for byte, in bounded pieces", arguments: bothClients)
    func pauseAfterEveryPiece(_ kind: UpstreamHarness.Kind) async throws {
        let body = Self.pattern(Self.size)
        let server = try await bigServer(body)
        let harness = try UpstreamHarness(kind)
        let outcome = try await harness.run(harness.request(server.url)) { recorder in
            recorder.call?.pause()
            let bound = NIOLoopBound(recorder, eventLoop: harness.eventLoop)
            harness.eventLoop.execute { bound.value.call?.resume() }
        } onBody: { recorder in
            recorder.call?.pause()
            let bound = NIOLoopBound(recorder, eventLoop: harness.eventLoop)
            harness.eventLoop.execute { bound.value.call?.resume() }
        }
        #expect(outcome.error == nil)
        #expect(outcome.body == body)
        #expect(outcome.largestPiece <= CurlTransfer.maxBuffered + 16 * 1024)
        try await harness.stop()
        try await server.stop()
    }

    @Test(
        "a paused call whose answer ends leaves a connection that reads on", .timeLimit(.minutes(15)),
        arguments: bothClients)
    func pausedToTheEnd(_ kind: UpstreamHarness.Kind) async throws {
        let body = Self.pattern(16 << 10)
        let rest = Mutex<(any Channel)?>(nil)
        let server = try await LoopbackServer { received, channel in
            guard received.number == 1 else { return channel.send(LoopbackServer.answer("ok")) }
            rest.withLock { $0 = channel }
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.readableBytes)\r\n\r\n")
        }
        let other = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(kind)
        let paused = harness.eventLoop.makePromise(of: NIOLoopBound<CallRecorder>.self)
        harness.eventLoop.execute {
            let recorder = CallRecorder(on: harness.eventLoop)
            recorder.onHead = { recorder in
                recorder.call?.pause()
                paused.succeed(NIOLoopBound(recorder, eventLoop: harness.eventLoop))
            }
            recorder.call = harness.client.send(harness.request(server.url), delegate: recorder)
        }
        let recorder = try await paused.futureResult.get()
        try await rest.withLock { $0 }?.writeAndFlush(body)
        for _ in 0..<10 { #expect(try await harness.run(harness.request(other.url)).error == nil) }
        let ended = try await harness.eventLoop.submit {
            recorder.value.call?.resume()
            return recorder.value.ended.futureResult
        }.get()
        #expect(try await ended.get().body == body)
        #expect(try await harness.run(harness.request(server.url)).error == nil)
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
        try await other.stop()
    }

    @Test("an 8 MiB body read at full speed arrives byte for byte", arguments: bothClients)
    func fullSpeed(_ kind: UpstreamHarness.Kind) async throws {
        let body = Self.pattern(Self.size)
        let server = try await bigServer(body)
        let harness = try UpstreamHarness(kind)
        for _ in 0..<3 {
            let outcome = try await harness.run(harness.request(server.url))
            #expect(outcome.error == nil)
            #expect(outcome.body == body)
            #expect(outcome.largestPiece <= CurlTransfer.maxBuffered + 16 * 1024)
        }
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
    }

    @Test(
        "a paused call delivers nothing and is neither idle nor slow, and other calls go on meanwhile",
        arguments: bothClients)
    func pausedCallWaits(_ kind: UpstreamHarness.Kind) async throws {
        let body = Self.pattern(Self.size)
        let server = try await bigServer(body)
        let other = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        let harness = try UpstreamHarness(kind)
        let paused = harness.eventLoop.makePromise(of: NIOLoopBound<CallRecorder>.self)
        harness.eventLoop.execute {
            let recorder = CallRecorder(on: harness.eventLoop)
            recorder.onHead = { recorder in
                recorder.call?.pause()
                paused.succeed(NIOLoopBound(recorder, eventLoop: harness.eventLoop))
            }
            var timeouts = UpstreamHarness.generous
            timeouts.minRate = 10_000_000
            recorder.call = harness.client.send(
                harness.request(server.url, timeouts: timeouts), delegate: recorder)
        }
        let recorder = try await paused.futureResult.get()
        harness.clock.advance(.milliseconds(40_000))
        for _ in 0..<100 {
            #expect(try await harness.run(harness.request(other.url)).error == nil)
        }
        let ended = try await harness.eventLoop.submit {
            #expect(recorder.value.outcome.body.readableBytes == 0)
            recorder.value.call?.resume()
            return recorder.value.ended.futureResult
        }.get()
        let outcome = try await ended.get()
        #expect(outcome.error == nil)
        #expect(outcome.body == body)
        try await harness.stop()
        try await server.stop()
        try await other.stop()
    }

    @Test("shutdown ends calls in flight, paused ones too, and later calls are not sent", arguments: bothClients)
    func shutdownEndsCalls(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in
            channel.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial")
        }
        let harness = try UpstreamHarness(kind)
        let shutDown: @Sendable (CallRecorder) -> Void = { recorder in
            recorder.call?.pause()
            harness.client.shutdown()
        }
        let outcome = try await harness.run(harness.request(server.url), onBody: shutDown)
        #expect(outcome.error?.stage == .broken)
        #expect(outcome.error?.reason == .reset)
        try await server.connectionsClosed()
        let late = try await harness.run(harness.request(server.url))
        #expect(late.error?.stage == .notSent)
        try await harness.stop()
        try await server.stop()
    }

    @Test("a client nobody holds any more goes away with its connections", arguments: bothClients)
    func clientIsReleased(_ kind: UpstreamHarness.Kind) async throws {
        let server = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("ok")) }
        do {
            let harness = try UpstreamHarness(kind)
            #expect(try await harness.run(harness.request(server.url)).error == nil)
        }
        try await server.connectionsClosed()
        try await server.stop()
    }
}
