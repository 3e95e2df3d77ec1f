import Support
import Synchronization
import Tenancy
import Testing

@testable import Proxy

/// Which backend gets an attempt, and when one is skipped.
struct PoolRouterTests {
    private static let failed = AttemptFault(kind: .failed, reason: "status_5xx")
    private static let busy = AttemptFault(kind: .rateLimited, reason: "rate_limited", retryAfterSeconds: 30)
    private static let refused = AttemptFault(kind: .notSent, reason: "connect")

    private func backend(
        _ name: String, pool: String = "p", most: Int? = nil, rpm: Int? = nil, weight: Int = 1,
        kind: BackendKind = .openai
    ) -> BackendDefinition {
        RouterFixture.backend(name, pool: pool, most: most, rpm: rpm, weight: weight, kind: kind)
    }

    @Test
    func `a model has the name that was given to it, not one that Swift takes for equal`() throws {
        let fixture = try RouterFixture([])
        let model = ModelDefinition(
            name: "Kimi", targets: [ModelTarget(pool: "p")], maxOutputTokens: 1, createdAt: fixture.clock.now())
        fixture.router.install(RoutingSnapshot(models: [model]), masterKey: try MasterKey(base64: MasterKey.generate()))
        #expect(fixture.router.model("Kimi") != nil)
        #expect(fixture.router.model("\u{212a}imi") == nil)
    }

    @Test
    func `the least busy backend is chosen`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b"), backend("c")])
        let names = (0..<6).map { _ in fixture.choice(fixture.ask("p")) }
        #expect(Set(names.prefix(3)) == ["a", "b", "c"])
        #expect(Set(names.suffix(3)) == ["a", "b", "c"])
    }

    @Test
    func `a backend whose credential does not open is down until it has another one, others are not`() throws {
        var damaged = backend("a")
        damaged.sealedKey = []
        damaged.probe = ProbeDefinition(path: "/health")
        let fixture = try RouterFixture([damaged, backend("b", pool: "q")])
        #expect(fixture.choice(fixture.ask("p")) == "unavailable" && fixture.choice(fixture.ask("q")) == "b")
        let status = try #require(fixture.router.status(of: ID("be_a")))
        #expect(status.state == .unhealthy && status.lastError?.text == "its api_key does not open")
        #expect(fixture.router.probedBackends().isEmpty)
        fixture.install([damaged, backend("b", pool: "q")])
        #expect(fixture.events.withLock { $0.map(\.reason) } == ["sealed"])
        fixture.install([backend("a"), backend("b", pool: "q")])
        #expect(fixture.choice(fixture.ask("p")) == "a")
        #expect(fixture.events.withLock { $0.map(\.kind) } == [.down, .up])
    }

    @Test
    func `a full or draining pool is passed over for the next`() throws {
        var draining = backend("d")
        draining.draining = true
        let fixture = try RouterFixture([backend("a", most: 1), draining, backend("b", pool: "q")])
        #expect(fixture.choice(fixture.ask("p", "q")) == "a")
        let lease = try #require(fixture.lease(fixture.ask("p", "q")))
        #expect(lease.backend.definition.name == "b")
        #expect(lease.target == 1)
    }

    @Test
    func `backends that failed this request are not tried again`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b")])
        #expect(fixture.choice(fixture.ask("p", tried: [ID("be_a")])) == "b")
        #expect(fixture.choice(fixture.ask("p", tried: [ID("be_a"), ID("be_b")])) == "unavailable")
    }

    @Test
    func `a pool chooses by its policy`() throws {
        let fixture = try RouterFixture([])
        fixture.install([backend("a", weight: 3), backend("b")]) { $0.policy = .weighted }
        #expect((0..<8).map { _ in fixture.choice(fixture.ask("p")) }.count { $0 == "a" } == 6)
    }

    @Test
    func `a backend that speaks another API is passed over, in each policy and by affinity`() throws {
        let fixture = try RouterFixture([])
        let backends = (0..<6).map { backend("b\($0)", kind: $0 < 5 ? .openai : .anthropic) }
        for policy in PoolPolicy.allCases {
            for affinity in PoolAffinity.allCases {
                fixture.install(backends) {
                    $0.policy = policy
                    $0.affinity = affinity.rawValue
                }
                for number in 0..<20 {
                    let (key, prompt) = ("key \(number)", "prompt \(number)")
                    let messages = fixture.ask("p", key: key, prompt: prompt, kind: .anthropic)
                    #expect(fixture.choice(messages) == "b5")
                    #expect(fixture.choice(fixture.ask("p", key: key, prompt: prompt)) != "b5")
                }
            }
        }
    }

    @Test
    func `where no backend speaks the API there is nothing to wait for, and no emergency`() throws {
        let fixture = try RouterFixture([backend("a", most: 0, kind: .anthropic), backend("b", pool: "q")])
        #expect(fixture.choice(fixture.ask("p", kind: .anthropic)) == "full")
        #expect(fixture.choice(fixture.ask("p")) == "unavailable")
        #expect(fixture.router.acquireEmergency(fixture.ask("q", kind: .anthropic), spent: []) == nil)
        #expect(fixture.router.acquireEmergency(fixture.ask("q"), spent: []) != nil)
    }

    @Test
    func `when to come back is told by the backends that speak the API`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b", kind: .anthropic)])
        fixture.fail("p", Self.busy)
        #expect(fixture.router.retryAfterSeconds(fixture.ask("p")) == 30)
        #expect(fixture.router.retryAfterSeconds(fixture.ask("p", kind: .anthropic)) == 1)
    }

    @Test
    func `a free backend of another kind is left to those who need it`() throws {
        let fixture = try RouterFixture([backend("a", most: 1), backend("b", most: 1, kind: .anthropic)])
        let chat = try #require(fixture.lease(fixture.ask("p")))
        let messages = try #require(fixture.lease(fixture.ask("p", kind: .anthropic)))
        let woken = Mutex<[String]>([])
        for (kind, name) in [(BackendKind.openai, "chat"), (.anthropic, "messages")] {
            let waiter = fixture.router.enqueue(fixture.ask("p", kind: kind), home: 0) { lease in
                woken.withLock { $0.append("\(name) \(lease?.backend.definition.name ?? "none")") }
            }
            #expect(waiter != nil)
        }
        // The one that came first needs the other backend.
        fixture.router.release(messages, .answered(firstByteNanoseconds: 1))
        #expect(woken.withLock { $0 } == ["messages b"])
        fixture.router.release(chat, .answered(firstByteNanoseconds: 1))
        #expect(woken.withLock { $0 } == ["messages b", "chat a"])
    }

    // MARK: Health

    @Test
    func `a rate-limited backend is left alone as long as it asked, then one call tries it`() throws {
        let fixture = try RouterFixture([backend("a")])
        fixture.fail("p", Self.busy)
        #expect(fixture.choice(fixture.ask("p")) == "unavailable")
        #expect(fixture.router.retryAfterSeconds(fixture.ask("p")) == 30)
        fixture.clock.advance(milliseconds: 29_999)
        #expect(fixture.choice(fixture.ask("p")) == "unavailable")
        #expect(fixture.router.retryAfterSeconds(fixture.ask("p")) == 1)
        fixture.clock.advance(milliseconds: 1)
        let trial = try #require(fixture.lease(fixture.ask("p")))
        #expect(trial.trial != nil)
        // A second call waits for what the first finds out.
        #expect(fixture.choice(fixture.ask("p")) == "full")
        fixture.router.release(trial, .answered(firstByteNanoseconds: 5_000_000))
        #expect(fixture.choice(fixture.ask("p")) == "a")
    }

    @Test
    func `the first event of a trial lets others follow`() throws {
        let fixture = try RouterFixture([backend("a")])
        fixture.fail("p", Self.busy)
        fixture.clock.advance(milliseconds: 30_000)
        let trial = try #require(fixture.lease(fixture.ask("p")))
        fixture.router.answering(trial)
        #expect(fixture.choice(fixture.ask("p")) == "a")
    }

    @Test
    func `a trial that was never sent leaves the next call to try`() throws {
        let fixture = try RouterFixture([backend("a")])
        fixture.fail("p", Self.busy)
        fixture.clock.advance(milliseconds: 30_000)
        fixture.router.release(try #require(fixture.lease(fixture.ask("p"))), .unused)
        #expect(try #require(fixture.lease(fixture.ask("p"))).trial != nil)
    }

    @Test
    func `a sick backend leaves its pool to the others, and a failing fallback cools too`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b", pool: "q")])
        fixture.fail("p", Self.failed, times: 3)
        #expect(fixture.choice(fixture.ask("p", "q")) == "b")
        fixture.fail("q", Self.refused)
        #expect(fixture.choice(fixture.ask("p", "q")) == "unavailable")
        #expect(fixture.status("b")?.cooling?.reason == "unreachable")
    }

    @Test
    func `a cooling backend says why and until when, and what it met last`() throws {
        let fixture = try RouterFixture([backend("a")])
        let began = fixture.clock.now()
        fixture.fail("p", Self.busy)
        let status = try #require(fixture.status("a"))
        #expect(status.state == .cooling)
        #expect(status.cooling == .init(until: began.adding(milliseconds: 30_000), reason: "rate_limited"))
        #expect(status.lastError == .init(text: "rate_limited", at: began))
        #expect(status.errors == ["rate_limited": 1])
        fixture.clock.advance(milliseconds: 30_000)
        #expect(fixture.status("a")?.state == .recovering)
    }

    @Test
    func `down is told once, a longer cooldown as a repeat, and up when a call is answered`() throws {
        let fixture = try RouterFixture([backend("a")])
        fixture.fail("p", Self.busy)
        fixture.clock.advance(milliseconds: 30_000)
        fixture.fail("p", Self.failed)
        fixture.clock.advance(milliseconds: 60_000)
        let lease = try #require(fixture.lease(fixture.ask("p")))
        fixture.router.release(lease, .answered(firstByteNanoseconds: nil))
        let events = fixture.events.withLock { $0 }
        #expect(events.map(\.kind) == [.down, .down, .up])
        #expect(events.map(\.isRepeat) == [false, true, false])
        #expect(events.map(\.reason) == ["rate_limited", "failures", "answered"])
    }

    @Test
    func `whatever asks for a cooldown or for a longer one is told, so that it can be kept`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b")])
        let overloaded = AttemptFault(kind: .failed, reason: "status_5xx", retryAfterSeconds: 5)
        let leases = (0..<3).compactMap { _ in fixture.lease(fixture.ask("p", tried: [ID("be_b")])) }
        fixture.router.release(leases[0], .failed(overloaded))
        fixture.router.release(leases[1], .failed(Self.busy))
        fixture.router.release(leases[2], .failed(AttemptFault(kind: .failed, reason: "status_5xx")))
        let events = fixture.events.withLock { $0 }
        #expect(events.map(\.asksForCooldown) == [true, true])
        let now = fixture.clock.now()
        #expect(events.map(\.cooldownEnd) == [now.adding(milliseconds: 5000), now.adding(milliseconds: 30_000)])
    }

    @Test
    func `a probe takes a backend out and brings it back, but never against real calls`() throws {
        var probed = backend("a")
        probed.probe = ProbeDefinition(path: "/health", unhealthyAfter: 2, healthyAfter: 1)
        let fixture = try RouterFixture([probed])
        for _ in 1...2 { fixture.router.probed(ID("be_a"), error: "status 500") }
        #expect(fixture.choice(fixture.ask("p")) == "unavailable")
        #expect(fixture.status("a")?.state == .unhealthy)
        #expect(fixture.status("a")?.lastError?.text == "probe: status 500")
        fixture.router.probed(ID("be_a"), error: nil)
        #expect(fixture.choice(fixture.ask("p")) == "a")
        fixture.fail("p", Self.busy)
        fixture.router.probed(ID("be_a"), error: nil)
        #expect(fixture.choice(fixture.ask("p")) == "unavailable")
        probed.probe = nil
        fixture.router.probed(ID("be_a"), error: "status 500")
        fixture.install([probed])
        #expect(fixture.status("a")?.healthy == true)
    }

    @Test
    func `a backend takes no more calls a minute than its rate, and gets back what was not sent`() throws {
        let fixture = try RouterFixture([backend("a", rpm: 2)])
        let first = try #require(fixture.lease(fixture.ask("p")))
        #expect(fixture.choice(fixture.ask("p")) == "a")
        #expect(fixture.choice(fixture.ask("p")) == "full")
        #expect(fixture.status("a")?.state == .limited)
        #expect(fixture.router.retryAfterSeconds(fixture.ask("p")) == 30)
        fixture.router.release(first, .unused)
        #expect(fixture.choice(fixture.ask("p")) == "a")
        fixture.clock.advance(milliseconds: 30_000)
        #expect(fixture.choice(fixture.ask("p")) == "a")
    }

    // MARK: Affinity

    @Test
    func `equal keys go to one backend until it cannot take them`() throws {
        let fixture = try RouterFixture([])
        fixture.install((0..<5).map { backend("b\($0)", most: 4) }) { $0.affinity = "key" }
        let first = fixture.choice(fixture.ask("p", key: "key_1"))
        #expect((0..<3).allSatisfy { _ in fixture.choice(fixture.ask("p", key: "key_1")) == first })
        #expect(fixture.choice(fixture.ask("p", key: "key_1")) != first)
    }

    @Test
    func `without a prompt cache key the policy decides`() throws {
        let fixture = try RouterFixture([])
        fixture.install((0..<5).map { backend("b\($0)") }) { $0.affinity = "prompt_cache_key" }
        #expect(Set((0..<5).map { _ in fixture.choice(fixture.ask("p", key: "key_1")) }).count == 5)
        #expect(Set((0..<5).map { _ in fixture.choice(fixture.ask("p", prompt: "chat")) }).count == 1)
    }

    // MARK: Changes under load

    @Test
    func `calls in flight and health survive a change of their backend`() throws {
        let fixture = try RouterFixture([backend("a", most: 2), backend("b", pool: "q")])
        _ = fixture.lease(fixture.ask("p"))
        fixture.fail("q", Self.busy)
        fixture.install([backend("a", most: 1), backend("b", pool: "q", weight: 9)])
        #expect(fixture.choice(fixture.ask("p")) == "full")
        #expect(fixture.choice(fixture.ask("q")) == "unavailable")
    }

    @Test
    func `a new credential or address is tried at once`() throws {
        let fixture = try RouterFixture([backend("a")])
        fixture.fail("p", AttemptFault(kind: .credentialRefused, reason: "credential_refused"))
        #expect(fixture.choice(fixture.ask("p")) == "unavailable")
        var moved = backend("a")
        moved.baseURL = "http://127.0.0.1:10/v1"
        fixture.install([moved])
        #expect(fixture.choice(fixture.ask("p")) == "a")
        #expect(fixture.events.withLock { $0.map(\.reason) } == ["credential_refused", "changed"])
    }

    @Test
    func `a slot of a backend that is gone can still be given back`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b")])
        let lease = try #require(fixture.lease(fixture.ask("p", tried: [ID("be_b")])))
        fixture.install([backend("b")])
        fixture.router.release(lease, .failed(Self.failed))
        #expect(fixture.choice(fixture.ask("p")) == "b")
    }

    @Test
    func `a cooldown that a backend asked for survives the process, but for ten minutes at most`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b"), backend("c")])
        let now = fixture.clock.now()
        fixture.router.restore([
            StoredCooldown(backend: ID("be_a"), end: now.adding(milliseconds: 5000)),
            StoredCooldown(backend: ID("be_b"), end: now.adding(milliseconds: .max)),
            StoredCooldown(backend: ID("be_c"), end: now.adding(milliseconds: -1)),
            StoredCooldown(backend: ID("be_gone"), end: now.adding(milliseconds: 5000)),
        ])
        #expect(fixture.status("a")?.cooling?.until == now.adding(milliseconds: 5000))
        #expect(fixture.status("b")?.cooling?.until == now.adding(milliseconds: 600_000))
        #expect(fixture.status("c")?.cooling == nil)
    }

    // MARK: Emergency

    @Test
    func `emergency reaches cooling and unhealthy backends within their slots, never draining ones`() throws {
        var draining = backend("d")
        draining.draining = true
        let fixture = try RouterFixture([backend("a", most: 1), draining])
        fixture.fail("p", Self.busy)
        let lease = try #require(fixture.router.acquireEmergency(fixture.ask("p"), spent: []))
        #expect(lease.isEmergency)
        #expect(lease.backend.definition.name == "a")
        #expect(fixture.router.acquireEmergency(fixture.ask("p"), spent: []) == nil)
        fixture.router.release(lease, .answered(firstByteNanoseconds: nil))
        #expect(fixture.choice(fixture.ask("p")) == "a")
    }

    @Test
    func `emergency is limited to its part of the rate over all requests`() throws {
        let fixture = try RouterFixture([backend("a", rpm: 20)])
        fixture.fail("p", Self.busy)
        #expect((0..<5).count { _ in fixture.router.acquireEmergency(fixture.ask("p"), spent: []) != nil } == 2)
        fixture.clock.advance(milliseconds: 30_000)
        #expect(fixture.router.acquireEmergency(fixture.ask("p"), spent: []) != nil)
    }

    @Test
    func `emergency takes the backend that is nearest to being well, and none that is spent`() throws {
        let fixture = try RouterFixture([backend("a"), backend("b"), backend("c", pool: "q")])
        let long = try #require(fixture.lease(fixture.ask("p", tried: [ID("be_b")])))
        fixture.router.release(long, .failed(Self.busy))
        let short = try #require(fixture.lease(fixture.ask("p", tried: [ID("be_a")])))
        fixture.router.release(short, .failed(Self.refused))
        func name(_ spent: Set<Backend.Identity>) -> String? {
            fixture.router.acquireEmergency(fixture.ask("p", "q"), spent: spent)?.backend.definition.name
        }
        #expect(name([]) == "b")
        #expect(name([ID("be_b")]) == "a")
        #expect(name([ID("be_a"), ID("be_b")]) == "c")
        #expect(name([ID("be_a"), ID("be_b"), ID("be_c")]) == nil)
    }

    @Test
    func `retries are taken from what all requests saved up`() throws {
        let fixture = try RouterFixture([backend("a")])
        #expect((0..<101).count { _ in fixture.router.takeRetry() } == 100)
        for _ in 0..<10 { fixture.router.admitted() }
        #expect(fixture.router.takeRetry())
        fixture.router.giveBackRetry()
        #expect(fixture.router.takeRetry())
    }
}
