import Synchronization
public import Tenancy

/// Chooses the backend of each attempt; shared by all event loops.
///
/// The decisions are `RouterState`'s; this holds the lock around them and does what they ask for after it.
public final class PoolRouter: Sendable {
    /// Calls a function after so many nanoseconds, from any thread.
    public typealias Alarm = @Sendable (_ nanoseconds: Int64, _ ring: @escaping @Sendable () -> Void) -> Void

    /// How far the router goes for one request.
    public let settings: RoutingSettings
    private let state: Mutex<RouterState>
    private let time: any TimeSource
    private let alarm: Alarm
    private let observe: @Sendable (BackendEvent) -> Void

    /// A router without pools; `install` fills it. `alarm` wakes queues when time alone frees a backend.
    public init(
        time: any TimeSource = SystemClock(), settings: RoutingSettings = RoutingSettings(),
        seed: UInt64 = .random(in: 0...UInt64.max), alarm: @escaping Alarm = { _, _ in },
        observe: @escaping @Sendable (BackendEvent) -> Void = { _ in }
    ) {
        self.time = time
        self.settings = settings
        self.alarm = alarm
        self.observe = observe
        state = Mutex(RouterState(settings, seed: seed))
    }

    /// Takes over the routing tables; calls in flight keep their slots, and waiters their places.
    ///
    /// A backend whose credential does not open with `masterKey` is down until it gets another one.
    public func install(_ snapshot: RoutingSnapshot, masterKey: MasterKey) {
        let loads = state.withLock { $0.loads }
        let backends = snapshot.backends.map { definition in
            Backend(definition, masterKey: masterKey, load: loads[definition.id] ?? BackendLoad())
        }
        decide { state, moment, effects in state.install(snapshot, backends, at: moment, &effects) }
    }

    /// Takes over the cooldowns that backends asked an earlier process for; call it after `install`.
    public func restore(_ cooldowns: [StoredCooldown]) {
        decide { state, moment, _ in for cooldown in cooldowns { state.restore(cooldown, at: moment) } }
    }

    func model(_ name: String) -> ModelDefinition? {
        routed(name)?.definition
    }

    /// The model with what its pools speak. Its name must be spelled with the same bytes: Swift takes some different
    /// ones for equal, and the books would keep them apart.
    func routed(_ name: String) -> RoutedModel? {
        let model = state.withLock { $0.models[name] }
        return model?.definition.name.utf8.elementsEqual(name.utf8) == true ? model : nil
    }

    func models() -> [ModelDefinition] {
        state.withLock { $0.models.values.map(\.definition) }.sorted { $0.name < $1.name }
    }

    // MARK: Choosing

    /// A slot at an available backend of the first target that has one, passing over those that were tried.
    func acquire(_ ask: RoutingAsk) -> RoutingChoice {
        decide { state, moment, effects in state.acquire(ask, at: moment.uptime, &effects) }
    }

    /// A slot by emergency passthrough, at a backend that is not `spent`; nil when there is none.
    func acquireEmergency(_ ask: RoutingAsk, spent: Set<Backend.Identity>) -> BackendLease? {
        let now = time.uptime()
        return state.withLock { $0.acquireEmergency(ask, spent: spent, at: now) }
    }

    /// Seconds after which asking again may help, from 1 to ten minutes.
    func retryAfterSeconds(_ ask: RoutingAsk) -> Int64 {
        let now = time.uptime()
        return state.withLock { $0.retryAfterSeconds(ask, at: now) }
    }

    /// A request was let in: it adds to what all requests together may spend on trying again.
    func admitted() {
        state.withLock { $0.retries.addRequest() }
    }

    /// Takes a retry from what all requests have saved up; false when there is none.
    func takeRetry() -> Bool {
        state.withLock { $0.retries.takeRetry() }
    }

    /// Gives back a retry that was not made.
    func giveBackRetry() {
        state.withLock { $0.retries.giveBackRetry() }
    }

    // MARK: Waiting

    /// Waits for a slot in any of its targets' pools, in the queue of the target `home`; `wake` is called at most
    /// once, on any thread and perhaps before this returns: with the slot, or with nil when nothing is left to wait
    /// for.
    ///
    /// Answers nil when the queue is full.
    func enqueue(
        _ ask: RoutingAsk, home: Int, wake: @escaping @Sendable (BackendLease?) -> Void
    ) -> PoolWaiter? {
        decide { state, moment, effects in
            state.enqueue(ask, home: home, at: moment.uptime, &effects, wake: wake)
        }
    }

    /// Leaves the queue; false when it was decided already, and a slot that came with that must be given back.
    func leave(_ waiter: PoolWaiter) -> Bool {
        state.withLock { $0.leave(waiter) }
    }

    /// How long a request may wait in this pool's queue, in milliseconds.
    func queueTimeoutMS(pool name: String) -> Int64 {
        state.withLock { $0.pools[name]?.definition.queueTimeoutMS ?? 0 }
    }

    /// Time has passed: looks at a pool's queue.
    func ring(_ pool: String) {
        decide { state, moment, effects in state.ring(pool, at: moment.uptime, &effects) }
    }

    // MARK: Ends

    /// The backend began to answer.
    func answering(_ lease: BackendLease) {
        guard lease.trial != nil else { return }
        decide { state, moment, effects in state.answering(lease, at: moment.uptime, &effects) }
    }

    /// Gives a slot back; how its use ended decides about the backend's health.
    func release(_ lease: BackendLease, _ end: BackendLease.End) {
        decide { state, moment, effects in state.release(lease, end, at: moment, &effects) }
    }

    // MARK: Probing

    /// The backend of that id; nil if there is none.
    func backend(_ id: Backend.Identity) -> Backend? {
        state.withLock { $0.backend(id) }
    }

    /// Backends whose health is asked for.
    func probedBackends() -> [Backend] {
        state.withLock { $0.allBackends }.filter(\.isProbed)
    }

    /// A probe of that backend ended; `error` says why it failed, nil that it passed.
    func probed(_ id: Backend.Identity, error: String?) {
        decide { state, moment, effects in state.probed(id, error: error, at: moment, &effects) }
    }

    // MARK: Status

    /// Every pool and backend with its load and health, for the status page and metrics.
    public func status() -> [PoolStatus] {
        let moment = RouterState.Moment(uptime: time.uptime(), wall: time.now())
        return state.withLock { state in
            state.pools.values.sorted { $0.definition.name < $1.definition.name }.map { pool in
                PoolStatus(
                    name: pool.definition.name, waiting: pool.waitersAtHome,
                    backends: pool.backends.map { BackendStatus($0, at: moment) })
            }
        }
    }

    /// One backend with its load and health; nil if there is none of that id.
    public func status(of id: ID<BackendDefinition>) -> BackendStatus? {
        let moment = RouterState.Moment(uptime: time.uptime(), wall: time.now())
        return state.withLock { state in state.backend(id).map { BackendStatus($0, at: moment) } }
    }

    /// Decides under the lock, then does what the decision asks for.
    private func decide<Value: Sendable>(
        _ body: (inout RouterState, RouterState.Moment, inout RouterEffects) -> Value
    ) -> Value {
        let moment = RouterState.Moment(uptime: time.uptime(), wall: time.now())
        var effects = RouterEffects()
        let value = state.withLock { body(&$0, moment, &effects) }
        if !effects.isEmpty { perform(effects) }
        return value
    }

    private func perform(_ effects: RouterEffects) {
        for wake in effects.wakes { wake.waiter.wake(wake.lease) }
        for event in effects.events { observe(event) }
        for entry in effects.alarms {
            alarm(entry.nanoseconds) { [weak self] in self?.ring(entry.pool) }
        }
    }
}
