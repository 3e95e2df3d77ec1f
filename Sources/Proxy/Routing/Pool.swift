/// A pool's backends and those who wait for one; used only while the router's lock is taken.
final class Pool {
    private(set) var definition: PoolDefinition
    private(set) var backends: [Backend] = []
    var queue = PoolWaiter.Queue()
    /// Those in the queue that count in it: the others count in another pool's.
    var waitersAtHome = 0
    /// When, in uptime nanoseconds, the queue will be looked at although nothing happened.
    var alarmAt: Int64?
    private var affinity = PoolAffinity.none
    /// What affinity chooses among, by the API that a call needs.
    private var affine: [BackendKind: [(place: Int, hash: UInt64)]] = [:]
    private var picker: BackendPicker
    /// Kept between picks, so that they need no memory.
    private var candidates: [BackendPicker.Candidate] = []

    init(_ definition: PoolDefinition, seed: UInt64) {
        self.definition = definition
        picker = BackendPicker(seed: seed)
    }

    /// Takes over new settings and backends; the queue stays.
    func install(_ definition: PoolDefinition, backends: [Backend]) {
        if backends.map(\.definition.id) != self.backends.map(\.definition.id) { picker.forgetPlaces() }
        self.definition = definition
        self.backends = backends
        affinity = PoolAffinity(rawValue: definition.affinity) ?? .none
        affine = [:]
        guard affinity != .none else { return }
        for (place, backend) in backends.enumerated() {
            affine[backend.definition.kind, default: []].append((place, backend.affinityHash))
        }
    }

    /// The backend for this request, if one is available: the one its affinity prefers, else by the policy.
    func pick(_ ask: RoutingAsk, at now: Int64) -> Backend? {
        if let backend = preferred(ask), isOpen(backend, to: ask, at: now) { return backend }
        let needsLatency = definition.policy == .latency
        candidates.removeAll(keepingCapacity: true)
        for (index, backend) in backends.enumerated() where isOpen(backend, to: ask, at: now) {
            let load = backend.load
            candidates.append(
                BackendPicker.Candidate(
                    index: index, inFlight: load.inFlight, weight: max(1, backend.definition.weight),
                    latency: needsLatency ? load.latency.current(at: now) : nil))
        }
        return picker.pick(definition.policy, from: candidates, count: backends.count).map { backends[$0] }
    }

    /// The one its affinity ties it to, available or not.
    private func preferred(_ ask: RoutingAsk) -> Backend? {
        guard let key = ask.affinityKey(affinity), let choice = affine[ask.kind] else { return nil }
        return Affinity.preferred(key, among: choice.lazy.map(\.hash)).map { backends[choice[$0].place] }
    }

    /// Some backend is available to somebody.
    func hasAvailable(at now: Int64) -> Bool {
        backends.contains { $0.isAvailable(at: now) }
    }

    func canServe(_ ask: RoutingAsk, at now: Int64) -> Bool {
        backends.contains { isOpen($0, to: ask, at: now) }
    }

    /// Some backend could serve it if only it had less to do.
    func isWorthWaiting(_ ask: RoutingAsk, at now: Int64) -> Bool {
        backends.contains {
            $0.speaks(ask.kind) && $0.isWorthWaitingFor(at: now) && !ask.tried.contains($0.definition.id)
        }
    }

    /// When time alone may free a backend.
    func due(at now: Int64) -> Int64? {
        backends.lazy.compactMap { $0.due(at: now) }.min()
    }

    /// A backend for an emergency call: the one that is nearest to being well, of those that are not `spent`.
    func pickEmergency(
        _ ask: RoutingAsk, spent: Set<Backend.Identity>, _ settings: RoutingSettings, at now: Int64
    ) -> Backend? {
        let open = backends.filter { backend in
            let perMinute = EmergencyPassthrough.perMinute(rpm: backend.definition.rpm, settings)
            return backend.isUsable && backend.speaks(ask.kind) && !backend.isFull && backend.isWithinRate(at: now)
                && !spent.contains(backend.definition.id)
                && backend.load.emergency.allows(perMinute: perMinute, at: now)
        }
        return open.min { Self.illness($0, at: now) < Self.illness($1, at: now) }
    }

    private static func illness(_ backend: Backend, at now: Int64) -> (Int, Int64, Int) {
        let cooling = backend.isCooling(at: now) ? backend.load.health.cooldown?.until ?? 0 : 0
        return (backend.isHealthy ? 0 : 1, cooling, backend.load.inFlight)
    }

    private func isOpen(_ backend: Backend, to ask: RoutingAsk, at now: Int64) -> Bool {
        backend.speaks(ask.kind) && backend.isAvailable(at: now)
            && (ask.tried.isEmpty || !ask.tried.contains(backend.definition.id))
    }
}
