import Synchronization
public import Tenancy

/// Chooses the backend of each attempt; shared by all event loops.
///
/// This is the simple form: least busy within a pool, pools in the model's order, a bounded queue when all are full.
public final class PoolRouter: Sendable {
    /// A slot at a backend; whoever holds it gives it back with `release`.
    struct Lease: Sendable {
        let backend: Backend
        /// Index of the target it serves, in the order the caller gave.
        let target: Int
    }

    enum Choice {
        case lease(Lease)
        /// Every usable backend is busy; index of the first such target.
        case full(target: Int)
        /// No backend could serve it.
        case unavailable
    }

    private struct State {
        var pools: [String: Pool] = [:]
        var models: [String: ModelDefinition] = [:]
    }

    private let state = Mutex(State())

    /// A router without pools; `install` fills it.
    public init() {}

    /// Takes over the routing tables; calls in flight keep their slots.
    ///
    /// Throws when a sealed credential cannot be opened with `masterKey`; then nothing changes.
    public func install(_ snapshot: RoutingSnapshot, masterKey: MasterKey) throws {
        let loads = state.withLock { state in
            Dictionary(
                state.pools.values.flatMap(\.backends).map { ($0.definition.id, $0.load) }, uniquingKeysWith: { $1 })
        }
        var pools: [String: Pool] = [:]
        for definition in snapshot.pools { pools[definition.name] = Pool(definition: definition) }
        for definition in snapshot.backends {
            let load = loads[definition.id] ?? Backend.Load()
            let backend = try Backend(definition, masterKey: masterKey, load: load)
            pools[definition.pool]?.backends.append(backend)
        }
        let models = Dictionary(snapshot.models.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let grants = state.withLock { state in
            // Those who wait in a pool that is gone run into their timeout.
            for (name, pool) in state.pools { pools[name]?.waiters = pool.waiters }
            state.pools = pools
            state.models = models
            return pools.keys.flatMap { Self.admitWaiters(of: $0, in: &state) }
        }
        for grant in grants { grant.waiter.wake(grant.lease) }
    }

    func model(_ name: String) -> ModelDefinition? {
        state.withLock { $0.models[name] }
    }

    func models() -> [ModelDefinition] {
        state.withLock { Array($0.models.values) }.sorted { $0.name < $1.name }
    }

    /// A slot at the least busy backend of the first pool that has one, passing over `tried` backends.
    func acquire(pools names: [String], tried: Set<Backend.Identity> = []) -> Choice {
        state.withLock { state in
            var firstFull: Int?
            for (index, name) in names.enumerated() {
                guard var pool = state.pools[name] else { continue }
                switch pool.pick(tried: tried) {
                case .some(let backend):
                    state.pools[name] = pool
                    return .lease(Lease(backend: backend, target: index))
                case .none where pool.hasUsable(tried: tried):
                    firstFull = firstFull ?? index
                case .none:
                    continue
                }
            }
            return firstFull.map { .full(target: $0) } ?? .unavailable
        }
    }

    /// Waits in `pool`'s queue for a slot; `wake` is called at most once, on any thread and perhaps before this
    /// returns, with the slot it got.
    ///
    /// Answers nil when the queue is full.
    func enqueue(
        pool name: String, target: Int, tried: Set<Backend.Identity>, wake: @escaping @Sendable (Lease) -> Void
    ) -> PoolWaiter? {
        let waiter = PoolWaiter(pool: name, target: target, tried: tried, wake: wake)
        let (isQueued, lease) = state.withLock { state -> (Bool, Lease?) in
            guard var pool = state.pools[name] else { return (false, nil) }
            // A slot may have come free since the caller was told there was none.
            if pool.waiters.isEmpty, let backend = pool.pick(tried: tried) {
                state.pools[name] = pool
                waiter.isGranted = true
                return (true, Lease(backend: backend, target: target))
            }
            guard pool.waiters.count < pool.definition.queueMax else { return (false, nil) }
            pool.waiters.append(waiter)
            state.pools[name] = pool
            return (true, nil)
        }
        if let lease { wake(lease) }
        return isQueued ? waiter : nil
    }

    /// Leaves the queue; false when a slot was granted already, which its owner must then give back.
    func leave(_ waiter: PoolWaiter) -> Bool {
        state.withLock { state in
            state.pools[waiter.pool]?.waiters.removeAll { $0 === waiter }
            return !waiter.isGranted
        }
    }

    /// How long a request may wait in this pool's queue, in milliseconds.
    func queueTimeoutMS(pool name: String) -> Int64 {
        state.withLock { $0.pools[name]?.definition.queueTimeoutMS ?? 0 }
    }

    /// Gives a slot back; `error` is remembered for the status page.
    func release(_ lease: Lease, error: String? = nil) {
        let grants = state.withLock { state in
            lease.backend.load.figures.withLock { figures in
                figures.inFlight -= 1
                if let error { figures.lastError = error }
            }
            return Self.admitWaiters(of: lease.backend.definition.pool, in: &state)
        }
        for grant in grants { grant.waiter.wake(grant.lease) }
    }

    /// Hands free slots to the waiters in order; the slots are theirs before anyone else can ask.
    private static func admitWaiters(of name: String, in state: inout State) -> [(waiter: PoolWaiter, lease: Lease)] {
        guard var pool = state.pools[name], !pool.waiters.isEmpty else { return [] }
        var grants: [(PoolWaiter, Lease)] = []
        var waiting: [PoolWaiter] = []
        for waiter in pool.waiters {
            if let backend = pool.pick(tried: waiter.tried) {
                waiter.isGranted = true
                grants.append((waiter, Lease(backend: backend, target: waiter.target)))
            } else {
                waiting.append(waiter)
            }
        }
        pool.waiters = waiting
        state.pools[name] = pool
        return grants
    }

    /// Every pool and backend with its load, for the status page and metrics.
    public func status() -> [PoolStatus] {
        state.withLock { state in
            state.pools.values.sorted { $0.definition.name < $1.definition.name }.map { pool in
                PoolStatus(name: pool.definition.name, backends: pool.backends.map(BackendStatus.init))
            }
        }
    }
}
