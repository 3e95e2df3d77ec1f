import Support
import Synchronization
import Tenancy
import Testing

@testable import Proxy

/// What a probe asks and what its answer means.
struct ProberTests {
    private func backend(probe: ProbeDefinition?) -> BackendDefinition {
        var backend = RouterFixture.backend("a")
        backend.baseURL = "http://127.0.0.1:9/proxy/v1"
        backend.probe = probe
        return backend
    }

    private func prober(
        _ fixture: RouterFixture, _ answer: @escaping @Sendable (String) throws -> Int
    ) -> Prober {
        Prober(router: fixture.router, time: fixture.clock, seed: 1) { url, _, _ in try answer(url) }
    }

    @Test
    func `a probe's path is counted from the origin's root; without one the models are asked for`() {
        #expect(Prober.url(of: backend(probe: ProbeDefinition(path: "/health"))) == "http://127.0.0.1:9/health")
        #expect(Prober.url(of: backend(probe: nil)) == "http://127.0.0.1:9/proxy/v1/models")
    }

    @Test func `a backend is asked with its own credential, Anthropic's with the version too`() throws {
        let key = try MasterKey(base64: MasterKey.generate())
        func headers(_ kind: BackendKind, sealed: Bool, _ opener: MasterKey?) throws -> [String] {
            var backend = backend(probe: nil)
            backend.kind = kind
            if sealed { backend.sealedKey = try key.seal(Array("sk-1".utf8), context: backend.keyContext) }
            return try Prober.headers(of: backend, masterKey: opener).map { "\($0.0): \($0.1)" }
        }
        #expect(try headers(.openai, sealed: true, key) == ["authorization: Bearer sk-1"])
        #expect(try headers(.openai, sealed: false, nil) == [])
        #expect(
            try headers(.anthropic, sealed: true, key) == ["x-api-key: sk-1", "anthropic-version: 2023-06-01"])
        #expect(try headers(.anthropic, sealed: false, nil) == ["anthropic-version: 2023-06-01"])
        let other = try MasterKey(base64: MasterKey.generate())
        #expect(throws: MasterKeyError.openFailed) { try headers(.openai, sealed: true, other) }
        #expect(throws: MasterKeyError.openFailed) { try headers(.openai, sealed: true, nil) }
    }

    @Test(arguments: [(200, true), (204, true), (302, false), (401, false), (503, false)] as [(Int, Bool)])
    func `only a success passes`(_ status: Int, _ passes: Bool) async throws {
        let fixture = try RouterFixture([
            backend(probe: ProbeDefinition(path: "/health", unhealthyAfter: 1, healthyAfter: 1))
        ])
        let prober = prober(fixture) { _ in status }
        let result = await prober.probeNow(ID("be_a"))
        #expect(result?.passed == passes)
        #expect(result?.status == status)
        #expect(fixture.status("a")?.healthy == passes)
        await prober.stop()
    }

    @Test
    func `a backend that cannot be reached fails its probe, which says why`() async throws {
        let fixture = try RouterFixture([backend(probe: nil)])
        let prober = prober(fixture) { _ in
            throw UpstreamError(stage: .notSent, reason: .connect, detail: "refused")
        }
        let result = await prober.probeNow(ID("be_a"))
        #expect(result?.error == "connect: refused")
        // Without a probe of its own its state is not the probes' to decide.
        #expect(fixture.status("a")?.healthy == true)
        #expect(await prober.probeNow(ID("be_none")) == nil)
        await prober.stop()
    }

    @Test
    func `probes that are due run and count`() async throws {
        let fixture = try RouterFixture([
            backend(probe: ProbeDefinition(path: "/health", intervalMS: 1000, unhealthyAfter: 2, healthyAfter: 1))
        ])
        let counter = Counter()
        let prober = prober(fixture) { _ in
            counter.count.withLock { $0 += 1 }
            return 500
        }
        for _ in 1...2 {
            let before = counter.count.withLock { $0 }
            while counter.count.withLock({ $0 }) == before {
                fixture.clock.advance(milliseconds: 300)
                prober.tick()
                await Task.yield()
            }
        }
        await prober.stop()
        #expect(fixture.status("a")?.healthy == false)
        #expect(fixture.events.withLock { $0.map(\.reason) } == ["probe"])
    }
}

private final class Counter: Sendable {
    let count = Mutex(0)
}
