/// Whether a backend may be called, as far as its own behaviour decides; pure.
///
/// Real calls and probes are judged apart: a passing probe never ends a cooldown that real calls caused. When a
/// cooldown is over, one call at a time goes there until one is answered.
struct BackendHealth: Equatable, Sendable {
    /// Failures in a row after which a backend cools.
    static let failuresToCool = 3

    /// False while its probes fail.
    private(set) var isUp = true
    /// The last cooldown; stays after its end until a call is answered.
    private(set) var cooldown: Cooldown?
    /// Failures of real calls in a row.
    private(set) var failures = 0
    /// Cooldowns in a row.
    private(set) var cooldowns = 0
    /// The trial that runs; nil while none does.
    private(set) var trial: Int?
    private var trials = 0
    /// What calls met before this uptime says nothing any more.
    private var forgottenAt = Int64.min
    /// Probe results in a row that contradict `isUp`.
    private var contradictions = 0

    /// Real calls had it cooled, and none succeeded since.
    var isTroubled: Bool { cooldowns > 0 }

    func isCooling(at now: Int64) -> Bool {
        guard let cooldown else { return false }
        return now < cooldown.until
    }

    /// The cooldown is over but no call was answered yet.
    func isHalfOpen(at now: Int64) -> Bool {
        guard let cooldown else { return false }
        return now >= cooldown.until
    }

    var isTrialRunning: Bool { trial != nil }

    /// A call goes there now; names the trial after a cooldown when it is that.
    mutating func begin(at now: Int64) -> Int? {
        guard isHalfOpen(at: now), trial == nil else { return nil }
        trials &+= 1
        trial = trials
        return trial
    }

    /// The call that was this trial is over; another that began since is not touched.
    mutating func end(_ ended: Int) {
        if trial == ended { trial = nil }
    }

    /// The backend began to answer a call: others may follow, though only a whole answer makes it well.
    mutating func answering(startedAt: Int64) {
        guard let cooldown, startedAt >= cooldown.until else { return }
        self.cooldown = nil
        trial = nil
    }

    /// A call was answered; true when that ends a trouble.
    mutating func succeed(startedAt: Int64) -> Bool {
        // A call from before the cooldown says nothing of what has happened since.
        if startedAt < forgottenAt { return false }
        if let cooldown, startedAt < cooldown.since { return false }
        let wasTroubled = isTroubled
        cooldown = nil
        cooldowns = 0
        failures = 0
        return wasTroubled
    }

    /// A call failed; the cooldown that begins with it or that it makes longer, if there is one.
    mutating func fail(_ fault: AttemptFault, startedAt: Int64, at now: Int64, jitter: Int64) -> Cooldown? {
        if startedAt < forgottenAt { return nil }
        let asked = fault.retryAfterSeconds.map { Cooldown.asked(seconds: $0) }
        if let running = cooldown, isCooling(at: now) || startedAt < running.since {
            // Calls that began before the cooldown, and emergency calls within it, do not make it longer,
            // unless the backend asks for that.
            guard let asked, isCooling(at: now), now + asked - running.until >= Cooldown.shortestNanoseconds else {
                return nil
            }
            cooldown?.until = now + asked
            return cooldown
        }
        failures += 1
        guard let (reason, length) = coolingAfter(fault, asked: asked, jitter: jitter) else { return nil }
        cooldowns += 1
        let begun = Cooldown(since: now, until: now + length, reason: reason)
        cooldown = begun
        return begun
    }

    private func coolingAfter(
        _ fault: AttemptFault, asked: Int64?, jitter: Int64
    ) -> (Cooldown.Reason, nanoseconds: Int64)? {
        let exponential = Cooldown.exponential(consecutive: cooldowns + 1, jitter: jitter)
        switch fault.kind {
        case .rateLimited: return (.rateLimited, asked ?? exponential)
        case .notSent: return (.unreachable, exponential)
        case .credentialRefused: return (.credentialRefused, Cooldown.credentialNanoseconds)
        case .failed, .hung:
            if let asked { return (.failures, asked) }
            return failures >= Self.failuresToCool || isTroubled ? (.failures, exponential) : nil
        }
    }

    /// Takes over a cooldown from an earlier process.
    mutating func restore(_ cooldown: Cooldown) {
        self.cooldown = cooldown
        cooldowns = 1
        failures = 1
    }

    /// A probe's result, or a real answer as a passing one; true when the state flips.
    mutating func probe(passed: Bool, unhealthyAfter: Int, healthyAfter: Int) -> Bool {
        guard passed != isUp else {
            contradictions = 0
            return false
        }
        contradictions += 1
        guard contradictions >= (isUp ? unhealthyAfter : healthyAfter) else { return false }
        isUp = passed
        contradictions = 0
        return true
    }

    /// The operator changed where or with what it is called: what calls met before says nothing any more; true when
    /// that ends a trouble.
    mutating func forgetCalls(at now: Int64) -> Bool {
        let wasTroubled = isTroubled
        forgottenAt = now
        trial = nil
        cooldown = nil
        cooldowns = 0
        failures = 0
        return wasTroubled
    }

    /// The backend is not probed any more, so nothing is known against it.
    mutating func forgetProbes() {
        isUp = true
        contradictions = 0
    }
}
