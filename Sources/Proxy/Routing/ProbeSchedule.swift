import Tenancy

/// When which backend is asked for its health: at its interval give or take a fifth, never twice at once; pure.
struct ProbeSchedule {
    private struct Plan {
        var dueAt: Int64
        var isRunning = false
    }

    private var plans: [Backend.Identity: Plan] = [:]
    private var randomness: SplitMix64

    init(seed: UInt64) {
        randomness = SplitMix64(seed: seed)
    }

    /// The backends to be asked now. A new one is asked within its first interval, so that not all are asked at once.
    mutating func start(_ backends: [(id: Backend.Identity, intervalMS: Int64)], at now: Int64) -> [Backend.Identity] {
        var next: [Backend.Identity: Plan] = [:]
        var started: [Backend.Identity] = []
        for (id, intervalMS) in backends {
            let interval = max(intervalMS, 1).clampedProduct(1_000_000)
            var plan = plans[id] ?? Plan(dueAt: now.clampedSum(.random(in: 0...interval, using: &randomness)))
            if !plan.isRunning, plan.dueAt <= now {
                let jitter = Int64.random(in: Cooldown.jitterPermille, using: &randomness)
                plan.dueAt = now.clampedSum(interval + interval / 1000 * jitter)
                plan.isRunning = true
                started.append(id)
            }
            // An interval that became shorter holds at once.
            plan.dueAt = min(plan.dueAt, now.clampedSum(interval + interval / 5))
            next[id] = plan
        }
        plans = next
        return started
    }

    mutating func finish(_ id: Backend.Identity) {
        plans[id]?.isRunning = false
    }
}
