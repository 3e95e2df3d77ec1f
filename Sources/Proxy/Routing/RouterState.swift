import Tenancy

/// All pools, and every decision about them; used only while the router's lock is taken.
struct RouterState {
    /// The moment of a decision.
    struct Moment {
        /// Uptime in nanoseconds.
        let uptime: Int64
        let wall: Timestamp
    }

    private(set) var pools: [String: Pool] = [:]
    private(set) var models: [String: RoutedModel] = [:]
    private var backends: [Backend.Identity: Backend] = [:]
    let settings: RoutingSettings
    var retries = RetryBudget()
    private var randomness: SplitMix64

    init(_ settings: RoutingSettings, seed: UInt64) {
        self.settings = settings
        randomness = SplitMix64(seed: seed)
    }

    // MARK: Definitions

    var loads: [Backend.Identity: BackendLoad] { backends.mapValues(\.load) }

    func backend(_ id: Backend.Identity) -> Backend? { backends[id] }

    var allBackends: [Backend] { Array(backends.values) }

    /// Takes over new definitions; queues, loads and health stay with what still exists.
    mutating func install(
        _ snapshot: RoutingSnapshot, _ installed: [Backend], at now: Moment, _ effects: inout RouterEffects
    ) {
        for backend in installed {
            if !backend.isProbed { backend.load.health.forgetProbes() }
            let before = backends[backend.definition.id]
            if backend.isSealed {
                backend.load.lastError = BackendStatus.LastError(text: "its api_key does not open", at: now.wall)
                guard before?.isSealed != true else { continue }
                effects.events.append(BackendEvent(.down, backend.definition, reason: "sealed", at: now.wall))
                continue
            }
            guard let before, backend.isCalledUnlike(before) || before.isSealed else { continue }
            if backend.load.health.forgetCalls(at: now.uptime) || before.isSealed {
                effects.events.append(BackendEvent(.up, backend.definition, reason: "changed", at: now.wall))
            }
        }
        backends = Dictionary(installed.map { ($0.definition.id, $0) }, uniquingKeysWith: { $1 })
        let byPool = Dictionary(grouping: installed, by: \.definition.pool)
        let routed = snapshot.models.map { model in
            RoutedModel(definition: model, kinds: model.targets.map { BackendKinds(byPool[$0.pool] ?? []) })
        }
        models = Dictionary(routed.map { ($0.definition.name, $0) }, uniquingKeysWith: { $1 })
        let old = pools
        pools = [:]
        for definition in snapshot.pools {
            let pool = old[definition.name] ?? Pool(definition, seed: randomness.next())
            pool.install(definition, backends: byPool[definition.name] ?? [])
            pools[definition.name] = pool
        }
        for pool in pools.values { serve(pool, at: now.uptime, &effects) }
        for pool in old.values { dismissHopeless(in: pool, at: now.uptime, &effects) }
    }

    // MARK: Choosing

    /// A slot at a backend of the first target that has one free for this request.
    mutating func acquire(_ ask: RoutingAsk, at now: Int64, _ effects: inout RouterEffects) -> RoutingChoice {
        var full: Int?
        for target in ask.targets {
            guard let pool = pools[target.pool] else { continue }
            // Nobody overtakes those who wait.
            if !pool.queue.isEmpty { serve(pool, at: now, &effects) }
            if let backend = pool.pick(ask, at: now) { return .lease(take(backend, for: target.index, at: now)) }
            if full == nil, pool.isWorthWaiting(ask, at: now) { full = target.index }
        }
        return full.map { .full(target: $0) } ?? .unavailable
    }

    private func take(_ backend: Backend, for target: Int, at now: Int64) -> BackendLease {
        let load = backend.load
        load.inFlight += 1
        load.rate.take(rpm: backend.definition.rpm)
        let trial = load.health.begin(at: now)
        return BackendLease(backend: backend, target: target, startedAt: now, trial: trial, isEmergency: false)
    }

    /// A slot by emergency passthrough, at a backend that is not `spent`.
    func acquireEmergency(_ ask: RoutingAsk, spent: Set<Backend.Identity>, at now: Int64) -> BackendLease? {
        for target in ask.targets {
            guard let backend = pools[target.pool]?.pickEmergency(ask, spent: spent, settings, at: now) else {
                continue
            }
            let load = backend.load
            load.inFlight += 1
            load.rate.take(rpm: backend.definition.rpm)
            load.emergency.take(perMinute: EmergencyPassthrough.perMinute(rpm: backend.definition.rpm, settings))
            let trial = load.health.begin(at: now)
            return BackendLease(
                backend: backend, target: target.index, startedAt: now, trial: trial, isEmergency: true)
        }
        return nil
    }

    /// Seconds after which asking again may help, at the earliest of the backends it may use.
    func retryAfterSeconds(_ ask: RoutingAsk, at now: Int64) -> Int64 {
        let usable = ask.targets.lazy.compactMap { pools[$0.pool] }.flatMap(\.backends)
            .filter { $0.isUsable && $0.speaks(ask.kind) }
        let soonest = usable.map { $0.retryAfterSeconds(at: now) }.min() ?? 1
        return min(max(soonest, 1), Cooldown.longestAskedSeconds)
    }

    // MARK: Waiting

    /// Puts a request in line; nil when the home pool's queue is full.
    mutating func enqueue(
        _ ask: RoutingAsk, home index: Int, at now: Int64, _ effects: inout RouterEffects,
        wake: @escaping @Sendable (BackendLease?) -> Void
    ) -> PoolWaiter? {
        guard let target = ask.targets.first(where: { $0.index == index }), let home = pools[target.pool] else {
            return nil
        }
        let waiter = PoolWaiter(ask, home: home, wake: wake)
        // A slot may have come free since the caller was told there was none.
        if case .lease(let lease) = acquire(ask, at: now, &effects) {
            waiter.isDecided = true
            effects.wakes.append((waiter, lease))
            return waiter
        }
        guard hasHope(ask, at: now), makePlace(for: ask.tenant, in: home, &effects) else { return nil }
        home.waitersAtHome += 1
        for target in ask.targets {
            guard let pool = pools[target.pool], !waiter.places.contains(where: { $0.pool === pool }) else { continue }
            waiter.places.append((pool, pool.queue.append(waiter, owner: ask.tenant)))
            arm(pool, at: now, &effects)
        }
        return waiter
    }

    /// Whether the pool's queue has a place for one more of this tenant. A full one gives it the newest place of the
    /// tenant that has most, so that nobody can fill the queue against the others.
    private func makePlace(for tenant: ID<Tenant>, in pool: Pool, _ effects: inout RouterEffects) -> Bool {
        guard pool.waitersAtHome >= pool.definition.queueMax else { return true }
        let own = pool.queue.waiting(of: tenant)
        guard let crowd = pool.queue.largestOwner, crowd.waiting > own + 1,
            let newest = pool.queue.newest(of: crowd.owner, where: { $0.home === pool }), leave(newest)
        else { return false }
        effects.wakes.append((newest, nil))
        return true
    }

    /// Takes a waiter out of all lines; false when it was decided before.
    func leave(_ waiter: PoolWaiter) -> Bool {
        guard !waiter.isDecided else { return false }
        waiter.isDecided = true
        for place in waiter.places { place.pool.queue.remove(place.ticket) }
        waiter.home.waitersAtHome -= 1
        return true
    }

    /// Some backend could serve it if only it had less to do.
    private func hasHope(_ ask: RoutingAsk, at now: Int64) -> Bool {
        ask.targets.contains { pools[$0.pool]?.isWorthWaiting(ask, at: now) ?? false }
    }

    /// Hands free slots to those who wait, in the order of their queue; the slots are theirs before anyone can ask.
    mutating func serve(_ pool: Pool, at now: Int64, _ effects: inout RouterEffects) {
        while !pool.queue.isEmpty, pool.hasAvailable(at: now) {
            guard let waiter = pool.queue.take(where: { pool.canServe($0.ask, at: now) }),
                let backend = pool.pick(waiter.ask, at: now),
                let target = waiter.ask.targets.first(where: { $0.pool == pool.definition.name })
            else { break }
            _ = leave(waiter)
            effects.wakes.append((waiter, take(backend, for: target.index, at: now)))
        }
        arm(pool, at: now, &effects)
    }

    /// Looks at a queue because time has passed.
    mutating func ring(_ name: String, at now: Int64, _ effects: inout RouterEffects) {
        guard let pool = pools[name] else { return }
        pool.alarmAt = nil
        serve(pool, at: now, &effects)
    }

    private func arm(_ pool: Pool, at now: Int64, _ effects: inout RouterEffects) {
        guard !pool.queue.isEmpty, let due = pool.due(at: now), due < pool.alarmAt ?? .max else { return }
        pool.alarmAt = due
        effects.alarms.append((pool.definition.name, max(due - now, 1)))
    }

    /// Wakes those for whom no backend is left that only has too much to do.
    private mutating func dismissHopeless(in pool: Pool, at now: Int64, _ effects: inout RouterEffects) {
        guard !pool.queue.isEmpty else { return }
        for waiter in pool.queue.elements {
            guard !hasHope(waiter.ask, at: now), leave(waiter) else { continue }
            effects.wakes.append((waiter, nil))
        }
    }

    // MARK: Ends

    /// The backend began to answer the call that tries whether it is well.
    mutating func answering(_ lease: BackendLease, at now: Int64, _ effects: inout RouterEffects) {
        lease.backend.load.health.answering(startedAt: lease.startedAt)
        if let pool = pools[lease.backend.definition.pool] { serve(pool, at: now, &effects) }
    }

    /// Takes a slot back, and learns from how its use ended.
    mutating func release(
        _ lease: BackendLease, _ end: BackendLease.End, at now: Moment, _ effects: inout RouterEffects
    ) {
        let load = lease.backend.load
        let definition = lease.backend.definition
        load.inFlight -= 1
        if let trial = lease.trial { load.health.end(trial) }
        switch end {
        case .inconclusive: break
        case .unused:
            load.rate.giveBack(rpm: definition.rpm)
            if lease.isEmergency {
                load.emergency.giveBack(
                    perMinute: EmergencyPassthrough.perMinute(rpm: definition.rpm, settings))
            }
        case .answered(let firstByte):
            if let firstByte { load.latency.add(nanoseconds: firstByte, at: now.uptime) }
            let isWell = load.health.succeed(startedAt: lease.startedAt)
            if passed(definition, load) || isWell {
                effects.events.append(BackendEvent(.up, definition, reason: "answered", at: now.wall))
            }
        case .failed(let fault):
            fail(lease, fault, at: now, &effects)
        }
        if let pool = pools[definition.pool] { serve(pool, at: now.uptime, &effects) }
    }

    private mutating func fail(
        _ lease: BackendLease, _ fault: AttemptFault, at now: Moment, _ effects: inout RouterEffects
    ) {
        let load = lease.backend.load
        let definition = lease.backend.definition
        load.errors[fault.reason, default: 0] &+= 1
        load.lastError = BackendStatus.LastError(
            text: fault.detail.isEmpty ? fault.reason : fault.detail, at: now.wall)
        let wasTroubled = load.health.isTroubled
        let jitter = Int64.random(in: Cooldown.jitterPermille, using: &randomness)
        guard let cooldown = load.health.fail(fault, startedAt: lease.startedAt, at: now.uptime, jitter: jitter) else {
            return
        }
        var event = BackendEvent(.down, definition, reason: cooldown.reason.rawValue, at: now.wall)
        event.cooldownEnd = now.wall.adding(milliseconds: (cooldown.until - now.uptime) / 1_000_000)
        event.isRepeat = wasTroubled
        event.asksForCooldown = fault.kind == .rateLimited || fault.retryAfterSeconds != nil
        effects.events.append(event)
        if let pool = pools[definition.pool] { dismissHopeless(in: pool, at: now.uptime, &effects) }
    }

    /// A probe ended.
    mutating func probed(
        _ id: Backend.Identity, error: String?, at now: Moment, _ effects: inout RouterEffects
    ) {
        guard let backend = backends[id] else { return }
        let isPassed = error == nil
        if let error { backend.load.lastError = BackendStatus.LastError(text: "probe: " + error, at: now.wall) }
        guard let probe = backend.definition.probe else { return }
        let flipped = backend.load.health.probe(
            passed: isPassed, unhealthyAfter: probe.unhealthyAfter, healthyAfter: probe.healthyAfter)
        guard flipped else { return }
        effects.events.append(BackendEvent(isPassed ? .up : .down, backend.definition, reason: "probe", at: now.wall))
        guard let pool = pools[backend.definition.pool] else { return }
        if isPassed {
            serve(pool, at: now.uptime, &effects)
        } else {
            dismissHopeless(in: pool, at: now.uptime, &effects)
        }
    }

    /// A real answer counts as a passing probe; true when it ends an unhealthy state.
    private func passed(_ definition: BackendDefinition, _ load: BackendLoad) -> Bool {
        guard let probe = definition.probe else { return false }
        return load.health.probe(
            passed: true, unhealthyAfter: probe.unhealthyAfter, healthyAfter: probe.healthyAfter)
    }

    /// Takes over a cooldown from an earlier process.
    mutating func restore(_ stored: StoredCooldown, at now: Moment) {
        let left = stored.end.microseconds.subtractingReportingOverflow(now.wall.microseconds)
        guard let backend = backends[stored.backend], !left.overflow, left.partialValue > 0 else { return }
        let longest = Cooldown.asked(seconds: .max)
        let length = min(left.partialValue.clampedProduct(1000), longest)
        backend.load.health.restore(
            Cooldown(since: now.uptime, until: now.uptime + length, reason: .rateLimited))
    }
}
