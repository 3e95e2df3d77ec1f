import Support
import Synchronization
import Tenancy
import Testing

@testable import Proxy

/// Who waits for a backend, and who is woken.
struct PoolQueueTests {
    /// What became of those who wait, in the order it happened.
    private final class Woken: Sendable {
        let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
    }

    private func backend(_ name: String, pool: String = "p", most: Int? = 1, rpm: Int? = nil) -> BackendDefinition {
        RouterFixture.backend(name, pool: pool, most: most, rpm: rpm)
    }

    @discardableResult
    private func wait(
        _ name: String, _ fixture: RouterFixture, _ ask: RoutingAsk, home: Int = 0, _ woken: Woken
    ) -> PoolWaiter? {
        fixture.router.enqueue(ask, home: home) { lease in
            let what = lease.map { "\(name) \($0.backend.definition.name) \($0.target)" } ?? "\(name) nothing"
            woken.names.withLock { $0.append(what) }
        }
    }

    @Test
    func `a freed slot goes to those who wait, in order, and the queue is bounded`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        let lease = try #require(fixture.lease(fixture.ask("p")))
        #expect(fixture.choice(fixture.ask("p")) == "full")
        for number in 1...2 { #expect(wait("w\(number)", fixture, fixture.ask("p"), woken) != nil) }
        #expect(wait("w3", fixture, fixture.ask("p"), woken) == nil)
        fixture.router.release(lease, .inconclusive)
        #expect(woken.all == ["w1 a 0"])
        #expect(fixture.status("a")?.inFlight == 1)
        #expect(fixture.choice(fixture.ask("p")) == "full")
    }

    @Test
    func `tenants take turns`() throws {
        let (fixture, woken) = (try RouterFixture([]), Woken())
        fixture.install([backend("a", most: 3)]) { $0.queueMax = 100 }
        let leases = (0..<3).compactMap { _ in fixture.lease(fixture.ask("p")) }
        for _ in 1...50 { wait("flood", fixture, fixture.ask("p"), woken) }
        wait("other", fixture, fixture.ask("p", tenant: "ten_2"), woken)
        for lease in leases { fixture.router.release(lease, .inconclusive) }
        #expect(woken.all == ["flood a 0", "other a 0", "flood a 0"])
    }

    @Test
    func `a tenant that fills the queue gives its newest place to one that has none`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        let lease = try #require(fixture.lease(fixture.ask("p")))
        for number in 1...2 { wait("flood\(number)", fixture, fixture.ask("p"), woken) }
        #expect(wait("flood3", fixture, fixture.ask("p"), woken) == nil)
        #expect(wait("other", fixture, fixture.ask("p", tenant: "ten_2"), woken) != nil)
        #expect(woken.all == ["flood2 nothing"])
        // Now both have one, and nobody has too many.
        #expect(wait("third", fixture, fixture.ask("p", tenant: "ten_3"), woken) == nil)
        fixture.router.release(lease, .inconclusive)
        #expect(woken.all == ["flood2 nothing", "flood1 a 0"])
    }

    @Test
    func `one who left the queue gets no slot`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        let lease = try #require(fixture.lease(fixture.ask("p")))
        let waiter = try #require(wait("w", fixture, fixture.ask("p"), woken))
        #expect(fixture.router.leave(waiter))
        #expect(!fixture.router.leave(waiter))
        fixture.router.release(lease, .inconclusive)
        #expect(woken.all.isEmpty)
        #expect(fixture.choice(fixture.ask("p")) == "a")
    }

    @Test
    func `a slot that came free before the queue was joined is taken at once`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        fixture.router.release(try #require(fixture.lease(fixture.ask("p"))), .inconclusive)
        let waiter = try #require(wait("w", fixture, fixture.ask("p"), woken))
        #expect(woken.all == ["w a 0"])
        #expect(!fixture.router.leave(waiter))
    }

    @Test
    func `a slot in any of its targets' pools wakes a waiter, once`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a"), backend("b", pool: "q")]), Woken())
        let primary = try #require(fixture.lease(fixture.ask("p")))
        let fallback = try #require(fixture.lease(fixture.ask("q")))
        wait("w", fixture, fixture.ask("p", "q"), woken)
        fixture.router.release(fallback, .inconclusive)
        fixture.router.release(primary, .inconclusive)
        #expect(woken.all == ["w b 1"])
        #expect(fixture.choice(fixture.ask("p")) == "a")
    }

    @Test
    func `who waits counts in the queue of one pool only`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a"), backend("b", pool: "q")]), Woken())
        _ = (fixture.lease(fixture.ask("p")), fixture.lease(fixture.ask("q")))
        for _ in 1...2 { wait("w", fixture, fixture.ask("p", "q"), woken) }
        #expect(wait("x", fixture, fixture.ask("q"), woken) != nil)
        #expect(fixture.router.status().map(\.waiting) == [2, 1])
    }

    @Test
    func `a waiter whose backend is free only for others is passed over`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a"), backend("b")]), Woken())
        let leases = (0..<2).compactMap { _ in fixture.lease(fixture.ask("p")) }
        wait("picky", fixture, fixture.ask("p", tried: [ID("be_a")]), woken)
        wait("easy", fixture, fixture.ask("p"), woken)
        for name in ["a", "b"] {
            guard let lease = leases.first(where: { $0.backend.definition.name == name }) else { continue }
            fixture.router.release(lease, .inconclusive)
        }
        #expect(woken.all == ["easy a 0", "picky b 0"])
    }

    @Test
    func `new arrivals do not overtake those who wait for a rate to refill`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a", most: nil, rpm: 1)]), Woken())
        _ = fixture.lease(fixture.ask("p"))
        wait("w", fixture, fixture.ask("p"), woken)
        #expect(fixture.alarms.withLock { $0 } == [60_000_000_000])
        fixture.clock.advance(milliseconds: 60_000)
        #expect(fixture.choice(fixture.ask("p")) == "full")
        #expect(woken.all == ["w a 0"])
    }

    @Test
    func `the alarm wakes the queue when a rate has refilled or a cooldown is over`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a", most: nil, rpm: 1), backend("b")]), Woken())
        let leases = (0..<2).compactMap { _ in fixture.lease(fixture.ask("p")) }
        for number in 1...2 { wait("w\(number)", fixture, fixture.ask("p"), woken) }
        let fault = AttemptFault(kind: .rateLimited, reason: "rate_limited", retryAfterSeconds: 5)
        for lease in leases where lease.backend.definition.name == "b" {
            fixture.router.release(lease, .failed(fault))
        }
        #expect(fixture.alarms.withLock { $0 } == [60_000_000_000, 5_000_000_000])
        fixture.clock.advance(milliseconds: 5000)
        fixture.router.ring("p")
        #expect(woken.all == ["w1 b 0"])
        fixture.clock.advance(milliseconds: 55_000)
        fixture.router.ring("p")
        #expect(woken.all == ["w1 b 0", "w2 a 0"])
    }

    @Test
    func `when nothing is left to wait for, those who wait are told at once`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        let lease = try #require(fixture.lease(fixture.ask("p")))
        wait("w", fixture, fixture.ask("p"), woken)
        fixture.router.release(lease, .failed(AttemptFault(kind: .notSent, reason: "connect")))
        #expect(woken.all == ["w nothing"])
    }

    @Test
    func `those who wait keep their places through a change, and are told when their pool goes`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        let lease = try #require(fixture.lease(fixture.ask("p")))
        wait("w1", fixture, fixture.ask("p"), woken)
        wait("w2", fixture, fixture.ask("p"), woken)
        fixture.install([backend("a", most: 2)])
        #expect(woken.all == ["w1 a 0"])
        fixture.install([])
        #expect(woken.all == ["w1 a 0", "w2 nothing"])
        fixture.router.release(lease, .inconclusive)
    }

    @Test
    func `draining the last backend tells those who wait`() throws {
        let (fixture, woken) = (try RouterFixture([backend("a")]), Woken())
        _ = fixture.lease(fixture.ask("p"))
        wait("w", fixture, fixture.ask("p"), woken)
        var draining = backend("a")
        draining.draining = true
        fixture.install([draining])
        #expect(woken.all == ["w nothing"])
    }
}
