import Synchronization
import Tenancy
import Testing

@testable import Proxy

/// Which backend gets an attempt, and who waits.
struct PoolRouterTests {
    private func router(_ backends: [BackendDefinition], queueMax: Int = 2) throws -> PoolRouter {
        let router = PoolRouter()
        let pools = Set(backends.map(\.pool)).map { name in
            var pool = PoolDefinition(name: name)
            pool.queueMax = queueMax
            return pool
        }
        try router.install(RoutingSnapshot(pools: pools, backends: backends, models: []), masterKey: masterKey())
        return router
    }

    private func masterKey() throws -> MasterKey {
        try MasterKey(base64: "5sVYwQ1oJkXhB2mTn0RzLq8gUfC7ap9WdE4KvN3iHtM=")
    }

    private func backend(
        _ name: String, pool: String = "p", most: Int? = nil, draining: Bool = false
    ) -> BackendDefinition {
        var backend = BackendDefinition(
            id: ID("be_" + name), pool: pool, name: name, kind: .openai, baseURL: "http://127.0.0.1:9/v1")
        backend.maxConcurrency = most
        backend.draining = draining
        return backend
    }

    private func name(_ choice: PoolRouter.Choice) -> String? {
        guard case .lease(let lease) = choice else { return nil }
        return lease.backend.definition.name
    }

    @Test
    func `the least busy backend is chosen`() throws {
        let router = try router([backend("a"), backend("b"), backend("c")])
        let names = (0..<6).compactMap { _ in name(router.acquire(pools: ["p"])) }
        #expect(Set(names.prefix(3)) == ["a", "b", "c"])
        #expect(Set(names.suffix(3)) == ["a", "b", "c"])
    }

    @Test
    func `a full or draining pool is passed over for the next`() throws {
        let router = try router([backend("a", most: 1), backend("d", draining: true), backend("b", pool: "q")])
        #expect(name(router.acquire(pools: ["p", "q"])) == "a")
        #expect(name(router.acquire(pools: ["p", "q"])) == "b")
    }

    @Test
    func `backends that failed this request are not tried again`() throws {
        let router = try router([backend("a"), backend("b")])
        #expect(name(router.acquire(pools: ["p"], tried: [ID("be_a")])) == "b")
        guard case .unavailable = router.acquire(pools: ["p"], tried: [ID("be_a"), ID("be_b")]) else {
            Issue.record("nothing should be left")
            return
        }
    }

    @Test
    func `a freed slot goes to those who wait, in order`() throws {
        let router = try router([backend("a", most: 1)])
        guard case .lease(let lease) = router.acquire(pools: ["p"]) else {
            Issue.record("a slot was free")
            return
        }
        guard case .full(target: 0) = router.acquire(pools: ["p"]) else {
            Issue.record("no slot was free")
            return
        }
        let woken = Mutex<[Int]>([])
        for number in 1...2 {
            _ = router.enqueue(pool: "p", target: 0, tried: []) { _ in woken.withLock { $0.append(number) } }
        }
        #expect(router.enqueue(pool: "p", target: 0, tried: []) { _ in } == nil)
        router.release(lease)
        #expect(woken.withLock { $0 } == [1])
        #expect(router.status().first?.backends.first?.inFlight == 1)
    }

    @Test
    func `one who left the queue gets no slot`() throws {
        let router = try router([backend("a", most: 1)])
        guard case .lease(let lease) = router.acquire(pools: ["p"]) else {
            Issue.record("a slot was free")
            return
        }
        let woken = Mutex(0)
        let waiter = router.enqueue(pool: "p", target: 0, tried: []) { _ in woken.withLock { $0 += 1 } }
        #expect(waiter.map(router.leave) == true)
        router.release(lease)
        #expect(woken.withLock { $0 } == 0)
        #expect(name(router.acquire(pools: ["p"])) == "a")
    }

    @Test
    func `calls in flight survive a change of their backend`() throws {
        let router = try router([backend("a", most: 2)])
        _ = router.acquire(pools: ["p"])
        let changed = RoutingSnapshot(
            pools: [PoolDefinition(name: "p")], backends: [backend("a", most: 1)], models: [])
        try router.install(changed, masterKey: masterKey())
        guard case .full = router.acquire(pools: ["p"]) else {
            Issue.record("the call in flight still takes the only slot")
            return
        }
    }

    @Test
    func `a slot that came free before the queue was joined is taken at once`() throws {
        let router = try router([backend("a", most: 1)])
        guard case .lease(let lease) = router.acquire(pools: ["p"]), case .full = router.acquire(pools: ["p"]) else {
            Issue.record("one slot there was")
            return
        }
        router.release(lease)
        let woken = Mutex(0)
        let waiter = router.enqueue(pool: "p", target: 0, tried: []) { _ in woken.withLock { $0 += 1 } }
        #expect(woken.withLock { $0 } == 1)
        #expect(waiter.map(router.leave) == false)
    }

    @Test
    func `who waits in a pool that is deleted can still leave`() throws {
        let router = try router([backend("a", most: 1)])
        _ = router.acquire(pools: ["p"])
        let waiter = router.enqueue(pool: "p", target: 0, tried: []) { _ in Issue.record("there is no slot") }
        try router.install(RoutingSnapshot(pools: [], backends: [], models: []), masterKey: masterKey())
        #expect(waiter.map(router.leave) == true)
    }

    @Test
    func `a backend that speaks another API is passed over`() throws {
        var other = backend("a")
        other.kind = .anthropic
        let router = try router([other])
        guard case .unavailable = router.acquire(pools: ["p"]) else {
            Issue.record("it cannot serve this route")
            return
        }
    }
}
