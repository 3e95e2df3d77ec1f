import Tenancy

/// One upstream endpoint as the router knows it now: its definition, its opened credential, and its load.
final class Backend: Sendable {
    typealias Identity = ID<BackendDefinition>

    let definition: BackendDefinition
    /// The header that carries our credential, if there is one.
    let credential: (name: String, value: String)?
    let load: BackendLoad
    /// Its identity as affinity sees it.
    let affinityHash: UInt64
    /// Its credential does not open, so it cannot be called.
    let isSealed: Bool
    /// May take new calls at all.
    let isUsable: Bool
    /// Its health is asked for.
    let isProbed: Bool

    /// Opens the credential.
    init(_ definition: BackendDefinition, masterKey: MasterKey, load: BackendLoad) {
        self.definition = definition
        self.load = load
        affinityHash = Affinity.hash(definition.id.text)
        do {
            credential = try definition.credential(with: masterKey)
            isSealed = false
        } catch {
            credential = nil
            isSealed = true
        }
        isUsable = !definition.draining && !isSealed
        isProbed = definition.probe != nil && !isSealed
    }

    var timeouts: UpstreamTimeouts {
        UpstreamTimeouts(
            connectMS: definition.connectMS, firstByteMS: definition.firstByteMS, idleMS: definition.idleMS,
            totalMS: definition.totalMS, minRate: definition.minRate)
    }

    /// It is reached at another place or with another credential than before.
    func isCalledUnlike(_ before: Backend) -> Bool {
        definition.baseURL != before.definition.baseURL || credential?.name != before.credential?.name
            || credential?.value != before.credential?.value
    }

    /// The absolute URL of a kind of call at this backend.
    func url(_ kind: AskKind) -> String {
        definition.baseURL + kind.suffix
    }
}

extension Backend {
    /// Whether it speaks the API of a call. A switch, because comparing such cases compares their texts.
    func speaks(_ kind: BackendKind) -> Bool {
        switch (definition.kind, kind) {
        case (.openai, .openai), (.anthropic, .anthropic): true
        case (.openai, .anthropic), (.anthropic, .openai): false
        }
    }
}

/// Whether it may be called: small predicates, each for one reason. Only while the router's lock is taken.
extension Backend {
    /// Its probes, if it has any, do not say otherwise.
    var isHealthy: Bool { !isSealed && (!isProbed || load.health.isUp) }

    /// Has as many calls in flight as it may.
    var isFull: Bool {
        guard let most = definition.maxConcurrency else { return false }
        return load.inFlight >= most
    }

    func isCooling(at now: Int64) -> Bool { load.health.isCooling(at: now) }

    /// Its cooldown is over, and one call finds out whether it is well.
    func isOnTrial(at now: Int64) -> Bool { load.health.isTrialRunning && load.health.isHalfOpen(at: now) }

    func isWithinRate(at now: Int64) -> Bool {
        definition.rpm == nil || load.rate.waitMS(rpm: definition.rpm, at: now) == 0
    }

    /// A call may be sent there now.
    func isAvailable(at now: Int64) -> Bool {
        isWorthWaitingFor(at: now) && !isFull && !isOnTrial(at: now) && isWithinRate(at: now)
    }

    /// Nothing is wrong with it but that it has enough to do.
    func isWorthWaitingFor(at now: Int64) -> Bool {
        isUsable && isHealthy && !isCooling(at: now)
    }

    /// When, in uptime nanoseconds, time alone may make it available; nil when time alone does not.
    func due(at now: Int64) -> Int64? {
        guard isUsable, isHealthy else { return nil }
        if isCooling(at: now) { return load.health.cooldown?.until }
        let wait = load.rate.waitMS(rpm: definition.rpm, at: now)
        return wait > 0 ? now + wait.clampedProduct(1_000_000) : nil
    }

    /// Seconds after which asking again may help.
    func retryAfterSeconds(at now: Int64) -> Int64 {
        guard isHealthy else { return (definition.probe?.intervalMS ?? 1000) / 1000 + 1 }
        return due(at: now).map { ($0 - now + 999_999_999) / 1_000_000_000 } ?? 1
    }
}
