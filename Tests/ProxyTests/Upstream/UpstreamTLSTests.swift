import CTestTLS
import Foundation
import NIOCore
import Synchronization
import Tenancy
import Testing

@testable import Proxy

@Suite("CurlMulti: TLS")
struct UpstreamTLSTests {
    private func call(
        _ identity: ServerIdentity, policy: UpstreamPolicy
    ) async throws -> (outcome: CallRecorder.Outcome, requests: Int) {
        let server = try await LoopbackServer(tls: identity) { _, channel in
            channel.send(LoopbackServer.answer("secret"))
        }
        let harness = try UpstreamHarness(policy: policy)
        let outcome = try await harness.run(harness.request(server.secureURL, body: ByteBuffer(string: "x")))
        try await harness.stop()
        try await server.stop()
        return (outcome, server.requestCount)
    }

    @Test("a certificate of a trusted authority for the right host is accepted")
    func trusted() async throws {
        let authority = try TestAuthority()
        let (outcome, requests) = try await call(try authority.identity(), policy: authority.policy)
        #expect(outcome.error == nil)
        #expect(String(buffer: outcome.body) == "secret")
        #expect(requests == 1)
    }

    @Test("an expired, foreign, self-signed or unknown certificate is refused, and nothing is sent")
    func refused() async throws {
        let authority = try TestAuthority()
        let refused = [
            (try authority.identity(span: (-86_400, -60)), authority.policy),
            (try authority.identity(span: (3600, 86_400)), authority.policy),
            (try authority.identity(names: "IP:127.0.0.2,DNS:localhost"), authority.policy),
            (try ServerIdentity.selfSigned(), authority.policy),
            (try authority.identity(), UpstreamPolicy()),
            (try authority.identity(), try TestAuthority().policy),
        ]
        for (index, (identity, policy)) in refused.enumerated() {
            let (outcome, requests) = try await call(identity, policy: policy)
            #expect(outcome.error?.stage == .notSent, "\(index)")
            #expect(outcome.error?.reason == .tls, "\(index): \(outcome.error?.description ?? "")")
            #expect(outcome.head == nil)
            #expect(requests == 0)
        }
    }

    @Test("the end of a certificate is read from the handshake, trusted or not, and nothing is sent")
    func certificateEnd() async throws {
        let authority = try TestAuthority()
        for seconds in [-3600, 3 * 86_400, 300 * 86_400] {
            let server = try await LoopbackServer(tls: try authority.identity(span: (-86_400, seconds))) { _, channel in
                channel.send(LoopbackServer.answer("secret"))
            }
            let wanted = SystemClock().now().adding(milliseconds: Int64(seconds) * 1000)
            let url = server.secureURL
            let end = try await Task.detached {
                try ServerCertificate.end(url: url, timeoutMS: 5000, policy: UpstreamPolicy())
            }.value
            let apart = try #require(end).microseconds - wanted.microseconds
            // Far less than the spans differ, far more than a busy machine takes to get here.
            #expect(abs(apart) < 600_000_000, "\(seconds)")
            #expect(server.requestCount == 0)
            try await server.stop()
        }
        #expect(throws: UpstreamError.self) {
            try ServerCertificate.end(url: "https://127.0.0.1:1/", timeoutMS: 5000, policy: UpstreamPolicy())
        }
        #expect(ServerCertificate.end("Expire date:Nov  6 21:00:00 2026 GMT")?.rfc3339 == "2026-11-06T21:00:00Z")
        #expect(ServerCertificate.end("Start date:Nov  6 21:00:00 2026 GMT") == nil)
    }

    @Test("authorities are read once a day, not with every connection; unreadable ones are kept, and tried again soon")
    func authoritiesAreKept() async throws {
        let (known, other) = (try TestAuthority(), try TestAuthority())
        let harness = try UpstreamHarness(policy: known.policy)
        /// Of a server of its own each time: a session that is resumed shows no certificate.
        func reason() async throws -> UpstreamFailureReason? {
            let server = try await LoopbackServer(tls: try known.identity()) { _, channel in
                channel.send(LoopbackServer.answer("ok"))
            }
            let outcome = try await harness.run(harness.request(server.secureURL))
            try await server.stop()
            return outcome.error?.reason
        }
        #expect(try await reason() == nil)
        try known.replaceFile(with: Data("nothing".utf8))
        #expect(try await reason() == nil)
        harness.clock.advance(.hours(25))
        #expect(try await reason() == nil)
        try known.replaceFile(with: Data(contentsOf: URL(fileURLWithPath: other.path)))
        #expect(try await reason() == nil)
        harness.clock.advance(.minutes(2))
        #expect(try await reason() == .tls)
        try await harness.stop()
    }

    @Test("a file without a certificate is none of authorities")
    func noAuthorities() throws {
        let authority = try TestAuthority()
        #expect(authority.policy.canReadAuthorities)
        try authority.replaceFile(with: Data("nothing".utf8))
        #expect(!authority.policy.canReadAuthorities)
        try FileManager.default.removeItem(atPath: authority.path)
        #expect(!authority.policy.canReadAuthorities)
        #expect(UpstreamPolicy().canReadAuthorities)
    }

    @Test("a server that speaks nothing newer than TLS 1.1 is refused")
    func oldVersion() async throws {
        let authority = try TestAuthority()
        let (outcome, requests) = try await call(
            try authority.identity(newest: TLS1_1_VERSION), policy: authority.policy)
        #expect(outcome.error?.reason == .tls)
        #expect(outcome.error?.stage == .notSent)
        #expect(requests == 0)
    }

    @Test("one call at a time verifies as the event loops do")
    func fetch() async throws {
        let authority = try TestAuthority()
        let server = try await LoopbackServer(tls: try authority.identity()) { _, channel in
            channel.send(LoopbackServer.answer("ok"))
        }
        func fetch(_ policy: UpstreamPolicy) throws -> HTTPFetch.Response {
            try HTTPFetch.run(
                method: "GET", url: server.secureURL, headers: [], body: [], timeoutMS: 30_000, maxBody: 10,
                policy: policy)
        }
        #expect(try fetch(authority.policy).status == 200)
        let error = #expect(throws: UpstreamError.self) { try fetch(UpstreamPolicy()) }
        #expect(error?.reason == .tls)
        #expect(error?.stage == .notSent)
        try await server.stop()
    }

    @Test("HTTP/2 is spoken where the server picks it, on a connection that is kept")
    func http2() async throws {
        let authority = try TestAuthority()
        let server = try await LoopbackServer(tls: try authority.identity(offersHTTP2: true)) { _, channel in
            channel.send("h2")
        }
        let harness = try UpstreamHarness(policy: authority.policy)
        for _ in 0..<5 {
            let outcome = try await harness.run(harness.request(server.secureURL, body: ByteBuffer(string: "x")))
            #expect(outcome.error == nil)
            #expect(outcome.head?.status == 200)
            #expect(String(buffer: outcome.body) == "h2")
        }
        #expect(server.requestCount == 5)
        #expect(server.acceptedCount == 1)
        try await harness.stop()
        try await server.stop()
    }

    @Test("calls at the same time have an HTTP/2 connection each, so that a paused one holds up no other")
    func http2Apart() async throws {
        let authority = try TestAuthority()
        let unfinished = Mutex<(any Channel)?>(nil)
        let server = try await LoopbackServer(tls: try authority.identity(offersHTTP2: true)) { received, channel in
            if received.connection == 1, received.number == 1 {
                unfinished.withLock { $0 = channel }
            } else {
                channel.send("second")
                unfinished.withLock { $0 }?.send("first")
            }
        }
        let harness = try UpstreamHarness(policy: authority.policy)
        let second = harness.eventLoop.makePromise(of: CallRecorder.Outcome.self)
        let first = try await harness.run(harness.request(server.secureURL)) { recorder in
            recorder.call?.pause()
            let call = recorder.call
            let other = CallRecorder(on: harness.eventLoop)
            other.call = harness.client.send(harness.request(server.secureURL), delegate: other)
            other.ended.futureResult.assumeIsolated().whenComplete { _ in call?.resume() }
            other.ended.futureResult.cascade(to: second)
        }
        #expect(first.error == nil)
        #expect(String(buffer: first.body) == "first")
        #expect(String(buffer: try await second.futureResult.get().body) == "second")
        #expect(server.acceptedCount == 2)
        try await harness.stop()
        try await server.stop()
    }
}
