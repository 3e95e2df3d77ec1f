import Testing

@testable import Proxy

/// When a backend is skipped, and what brings it back.
struct BackendHealthTests {
    private static let second: Int64 = 1_000_000_000
    private static let failed = AttemptFault(kind: .failed, reason: "status_5xx")
    private static let busy = AttemptFault(kind: .rateLimited, reason: "rate_limited")

    private func seconds(_ count: Double) -> Int64 { Int64(count * 1_000_000_000) }

    /// Fails a call that began at the same moment.
    @discardableResult
    private func fail(_ health: inout BackendHealth, _ fault: AttemptFault, at now: Int64) -> Cooldown? {
        health.fail(fault, startedAt: now, at: now, jitter: 0)
    }

    static let firstFaults: [(AttemptFault, Int64?)] = [
        (AttemptFault(kind: .notSent, reason: "connect"), 1),
        (AttemptFault(kind: .rateLimited, reason: "rate_limited"), 1),
        (AttemptFault(kind: .rateLimited, reason: "rate_limited", retryAfterSeconds: 30), 30),
        (AttemptFault(kind: .rateLimited, reason: "rate_limited", retryAfterSeconds: 9999), 600),
        (AttemptFault(kind: .credentialRefused, reason: "credential_refused"), 60),
        (AttemptFault(kind: .failed, reason: "status_5xx"), nil),
        (AttemptFault(kind: .failed, reason: "status_5xx", retryAfterSeconds: 5), 5),
        (AttemptFault(kind: .hung, reason: "first_byte_timeout", isTimeout: true), nil),
    ]

    @Test(arguments: firstFaults)
    func `the first fault cools as its kind says`(_ fault: AttemptFault, _ seconds: Int64?) {
        var health = BackendHealth()
        let cooldown = fail(&health, fault, at: 5)
        #expect(cooldown.map { $0.until - 5 } == seconds.map { $0 * Self.second })
        #expect(health.isCooling(at: 6) == (seconds != nil))
    }

    @Test
    func `three failures in a row cool, and an answer between them starts the count anew`() {
        var health = BackendHealth()
        for time: Int64 in 1...2 { fail(&health, Self.failed, at: time) }
        _ = health.succeed(startedAt: 3)
        for time: Int64 in 4...5 { #expect(fail(&health, Self.failed, at: time) == nil) }
        #expect(fail(&health, Self.failed, at: 6)?.reason == .failures)
    }

    @Test
    func `after a cooldown one call at a time may try until one succeeds`() throws {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        #expect(health.isCooling(at: seconds(0.999)))
        #expect(health.isHalfOpen(at: seconds(1)))
        let begun = health.begin(at: seconds(1))
        let trial = try #require(begun)
        #expect(health.isTrialRunning)
        #expect(health.begin(at: seconds(1)) == nil)
        health.end(trial)
        #expect(health.succeed(startedAt: seconds(1)) == true)
        #expect(!health.isHalfOpen(at: seconds(1)))
        #expect(health.begin(at: seconds(2)) == nil)
        #expect(!health.isTroubled)
    }

    @Test
    func `a failing trial cools again, twice as long each time up to a minute`() {
        var health = BackendHealth()
        var now: Int64 = 0
        var lengths: [Int64] = []
        for _ in 1...8 {
            let cooldown = fail(&health, Self.failed, at: now)
            // Three failures in a row begin the first cooldown, one failing trial each further one.
            if let cooldown { lengths.append((cooldown.until - now) / Self.second) }
            now = cooldown?.until ?? now + 1
        }
        #expect(lengths == [1, 2, 4, 8, 16, 32])
    }

    @Test
    func `calls that began before the cooldown neither end nor lengthen it`() {
        var health = BackendHealth()
        for time: Int64 in 10...12 { fail(&health, Self.failed, at: time) }
        let until = health.cooldown?.until
        #expect(health.fail(Self.failed, startedAt: 5, at: 20, jitter: 0) == nil)
        #expect(health.succeed(startedAt: 5) == false)
        #expect(health.cooldown?.until == until)
        #expect(health.fail(Self.failed, startedAt: 5, at: seconds(1.5), jitter: 0) == nil)
    }

    @Test
    func `a backend may ask for a longer cooldown within one`() {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        let asking = AttemptFault(kind: .rateLimited, reason: "rate_limited", retryAfterSeconds: 20)
        let longer = health.fail(asking, startedAt: -1, at: seconds(0.5), jitter: 0)
        #expect(longer?.until == seconds(20.5))
        // Those that failed together with it all ask; a moment more is no news.
        #expect(health.fail(asking, startedAt: -1, at: seconds(0.6), jitter: 0) == nil)
        #expect(health.cooldown?.until == seconds(20.5))
    }

    @Test
    func `a trial that goes on streaming does not keep the next one from its turn`() throws {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        let first = health.begin(at: seconds(1))
        let long = try #require(first)
        health.answering(startedAt: seconds(1))
        fail(&health, Self.busy, at: seconds(2))
        let second = health.begin(at: seconds(60))
        let next = try #require(second)
        health.end(long)
        #expect(health.begin(at: seconds(60)) == nil)
        health.end(next)
        #expect(health.begin(at: seconds(60)) != nil)
    }

    @Test
    func `calls that began before the operator mended it say nothing any more`() {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        #expect(health.forgetCalls(at: seconds(1)) == true)
        let refused = AttemptFault(kind: .credentialRefused, reason: "credential_refused")
        #expect(health.fail(refused, startedAt: seconds(0.9), at: seconds(2), jitter: 0) == nil)
        #expect(health.cooldown == nil)
        #expect(health.fail(refused, startedAt: seconds(1), at: seconds(2), jitter: 0) != nil)
    }

    @Test
    func `an emergency call that is answered ends the cooldown`() {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        #expect(health.succeed(startedAt: seconds(0.5)) == true)
        #expect(!health.isCooling(at: seconds(0.6)))
    }

    @Test
    func `an answer that begins lets others follow, but one that breaks cools longer`() {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        health.answering(startedAt: seconds(1))
        #expect(!health.isHalfOpen(at: seconds(1)))
        #expect(health.isTroubled)
        let again = health.fail(Self.failed, startedAt: seconds(1), at: seconds(2), jitter: 0)
        #expect(again?.until == seconds(4))
    }

    @Test
    func `probes flip the state only after their number in a row`() {
        var health = BackendHealth()
        func probe(_ passed: Bool) -> Bool { health.probe(passed: passed, unhealthyAfter: 3, healthyAfter: 2) }
        #expect([false, false, true, false, false, false].map(probe) == [false, false, false, false, false, true])
        #expect(!health.isUp)
        #expect([true, false, true, true].map(probe) == [false, false, false, true])
        #expect(health.isUp)
    }

    @Test
    func `a passing probe does not end a cooldown that real calls caused`() {
        var health = BackendHealth()
        fail(&health, Self.busy, at: 0)
        _ = health.probe(passed: true, unhealthyAfter: 3, healthyAfter: 1)
        #expect(health.isCooling(at: seconds(0.5)))
        #expect(health.isTroubled)
    }

    @Test
    func `a backend that is not probed any more is taken for healthy`() {
        var health = BackendHealth()
        _ = health.probe(passed: false, unhealthyAfter: 1, healthyAfter: 1)
        #expect(!health.isUp)
        health.forgetProbes()
        #expect(health.isUp)
    }
}
