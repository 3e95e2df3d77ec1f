import Support
import Synchronization
import Tenancy

@testable import Proxy

/// A router on a hand-moved clock, with what it asks for written down.
final class RouterFixture: Sendable {
    let clock = ManualClock()
    let router: PoolRouter
    let events: Mutex<[BackendEvent]>
    /// Nanoseconds after which the router wants to look at a queue again.
    let alarms: Mutex<[Int64]>
    private let masterKey: MasterKey

    init(_ backends: [BackendDefinition], settings: RoutingSettings = RoutingSettings()) throws {
        let box = Recorder()
        events = Mutex([])
        alarms = Mutex([])
        masterKey = try MasterKey(base64: MasterKey.generate())
        router = PoolRouter(
            time: clock, settings: settings, seed: 7,
            alarm: { delay, _ in box.owner?.alarms.withLock { $0.append(delay) } },
            observe: { event in box.owner?.events.withLock { $0.append(event) } })
        box.owner = self
        install(backends)
    }

    /// Replaces all definitions; pools are made as the backends name them.
    func install(_ backends: [BackendDefinition], _ change: (inout PoolDefinition) -> Void = { _ in }) {
        let pools = Set(backends.map(\.pool)).sorted().map { name in
            var pool = PoolDefinition(name: name, queueMax: 2)
            change(&pool)
            return pool
        }
        router.install(RoutingSnapshot(pools: pools, backends: backends), masterKey: masterKey)
    }

    func ask(
        _ pools: String..., tenant: String = "ten_1", tried: Set<Backend.Identity> = [], key: String = "",
        prompt: String? = nil, kind: BackendKind = .openai
    ) -> RoutingAsk {
        let targets = pools.enumerated().map { RoutingAsk.Target(index: $0.offset, pool: $0.element) }
        var ask = RoutingAsk(tenant: ID(tenant), kind: kind, targets: targets, tried: tried)
        ask.key = key
        ask.promptHash = prompt.map { Affinity.hash($0) }
        return ask
    }

    /// The slot, if one is free at once.
    func lease(_ ask: RoutingAsk) -> BackendLease? {
        guard case .lease(let lease) = router.acquire(ask) else { return nil }
        return lease
    }

    /// The chosen backend's name: `full` or `unavailable` when there is none.
    func choice(_ ask: RoutingAsk) -> String {
        switch router.acquire(ask) {
        case .lease(let lease): lease.backend.definition.name
        case .full: "full"
        case .unavailable: "unavailable"
        }
    }

    /// Calls one backend of the pool and lets it fail that often.
    func fail(_ pool: String, _ fault: AttemptFault, times: Int = 1) {
        for _ in 0..<times {
            if let lease = lease(ask(pool)) { router.release(lease, .failed(fault)) }
        }
    }

    func status(_ name: String) -> BackendStatus? {
        router.status().flatMap(\.backends).first { $0.name == name }
    }

    static func backend(
        _ name: String, pool: String = "p", most: Int? = nil, rpm: Int? = nil, weight: Int = 1,
        kind: BackendKind = .openai
    ) -> BackendDefinition {
        var backend = BackendDefinition(
            id: ID("be_" + name), pool: pool, name: name, kind: kind, baseURL: "http://127.0.0.1:9/v1")
        backend.maxConcurrency = most
        backend.rpm = rpm
        backend.weight = weight
        return backend
    }
}

/// Leads from the router's closures to the fixture that owns the router.
///
/// Unchecked because the owner is set once, before the router is used.
private final class Recorder: @unchecked Sendable {
    weak var owner: RouterFixture?
}
