import NIOCore
import Testing

@testable import Proxy

@Suite("Upstream: where calls may go")
struct UpstreamEgressTests {
    private static let brief = UpstreamTimeouts(connectMS: 100, firstByteMS: 100, idleMS: 100, totalMS: 1000)

    private func error(
        _ kind: UpstreamHarness.Kind, _ url: String, policy: UpstreamPolicy = UpstreamPolicy()
    ) async throws -> UpstreamError? {
        let harness = try UpstreamHarness(kind, policy: policy)
        let outcome = try await harness.run(harness.request(url, timeouts: Self.brief))
        try await harness.stop()
        return outcome.error
    }

    @Test(
        "a refused address is not connected to, however it is written",
        arguments: [
            "http://169.254.169.254/latest/", "https://169.254.169.254/", "http://2852039166/", "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/",
            "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://0.0.0.0:1/", "http://0/", "http://[::]:1/",
            "http://224.0.0.1/", "http://255.255.255.255/",
        ], bothClients)
    func refused(_ url: String, _ kind: UpstreamHarness.Kind) async throws {
        let error = try await error(kind, url)
        #expect(error?.stage == .notSent)
        #expect(error?.reason == .forbiddenAddress)
        #expect(error?.isTimeout == false)
    }

    @Test("the refusal names the address and its kind", arguments: bothClients)
    func detail(_ kind: UpstreamHarness.Kind) async throws {
        let error = try await error(kind, "http://[::ffff:a9fe:a9fe]/")
        #expect(error?.detail == "::ffff:169.254.169.254 is a link-local address")
        #expect(error?.description == "forbidden_address: ::ffff:169.254.169.254 is a link-local address")
    }

    @Test("link-local addresses are tried once they are allowed, the others never", arguments: bothClients)
    func allowed(_ kind: UpstreamHarness.Kind) async throws {
        var policy = UpstreamPolicy()
        policy.egress.allowsLinkLocal = true
        // Without the zone of an interface the system itself turns it down, so nothing leaves the machine.
        #expect(try await error(kind, "http://[fe80::1]:1/", policy: policy)?.reason == .connect)
        #expect(try await error(kind, "http://0.0.0.0:1/", policy: policy)?.reason == .forbiddenAddress)
    }

    @Test("a call made on its own follows the same rule")
    func fetch() throws {
        func fetch(_ url: String) -> UpstreamError? {
            do {
                _ = try HTTPFetch.run(
                    method: "GET", url: url, headers: [], body: [], timeoutMS: 1000, maxBody: 10)
                return nil
            } catch { return error as? UpstreamError }
        }
        #expect(fetch("http://169.254.169.254/")?.reason == .forbiddenAddress)
        #expect(fetch("http://169.254.169.254/")?.stage == .notSent)
        #expect(fetch("http://[fe80::1]/")?.reason == .forbiddenAddress)
    }

    @Test("a redirect is an answer like any other, and its target is never called", arguments: bothClients)
    func redirect(_ kind: UpstreamHarness.Kind) async throws {
        let target = try await LoopbackServer { _, channel in channel.send(LoopbackServer.answer("stolen")) }
        for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
            let server = try await LoopbackServer { _, channel in
                let location = "Location: \(target.url)/x\r\n"
                channel.send(LoopbackServer.answer("gone", status: status, headers: location))
            }
            let harness = try UpstreamHarness(kind)
            let outcome = try await harness.run(harness.request(server.url, body: ByteBuffer(string: "x")))
            #expect(outcome.error == nil)
            #expect(outcome.head.map { "\($0.status)" } == String(status.prefix(3)))
            #expect(String(buffer: outcome.body) == "gone")
            try await harness.stop()
            try await server.stop()
        }
        #expect(target.acceptedCount == 0)
        try await target.stop()
    }

    @Test("every reason is one short word")
    func reasons() {
        for reason in UpstreamFailureReason.allCases {
            #expect(reason.rawValue.utf8.count <= 24)
            #expect(reason.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F })
        }
    }
}
