public import Tenancy

/// A backend as the status page shows it.
public struct BackendStatus: Sendable {
    /// A failure of a call or a probe.
    public struct LastError: Sendable, Equatable {
        /// What went wrong.
        public let text: String
        /// When.
        public let at: Timestamp
    }

    /// A time in which the backend is skipped.
    public struct Cooling: Sendable, Equatable {
        /// Its end.
        public let until: Timestamp
        /// A word for why.
        public let reason: String
    }

    /// The backend's state in one word.
    public enum State: String, Sendable {
        case draining
        /// Its probes fail.
        case unhealthy
        case cooling
        /// Its cooldown is over, and one call at a time finds out whether it is well.
        case recovering
        /// It has as many calls in flight as it may.
        case full
        /// It has had as many calls of late as its rate limit allows.
        case limited
        case ready
    }

    /// `be_…`.
    public let id: String
    /// The backend's unique name.
    public let name: String
    /// The pool it belongs to.
    public let pool: String
    /// The state in one word.
    public let state: State
    /// Attempts not yet finished.
    public let inFlight: Int
    /// Takes no new calls; old ones finish.
    public let draining: Bool
    /// False while its probes fail.
    public let healthy: Bool
    /// Nil when it is not cooling.
    public let cooling: Cooling?
    /// The last failure of a call or a probe.
    public let lastError: LastError?
    /// Smoothed time to first byte in milliseconds; nil before the first answer.
    public let ewmaLatencyMS: Double?
    /// Failed attempts by reason.
    public let errors: [String: UInt64]
}

extension BackendStatus {
    init(_ backend: Backend, at now: RouterState.Moment) {
        let definition = backend.definition
        let load = backend.load
        var cooling: Cooling?
        if backend.isCooling(at: now.uptime), let cooldown = load.health.cooldown {
            let left = (cooldown.until - now.uptime) / 1_000_000
            cooling = Cooling(until: now.wall.adding(milliseconds: left), reason: cooldown.reason.rawValue)
        }
        self.init(
            id: definition.id.text, name: definition.name, pool: definition.pool,
            state: State(backend, at: now.uptime), inFlight: load.inFlight, draining: definition.draining,
            healthy: backend.isHealthy, cooling: cooling, lastError: load.lastError,
            ewmaLatencyMS: load.latency.nanoseconds.map { $0 / 1_000_000 }, errors: load.errors)
    }
}

extension BackendStatus.State {
    fileprivate init(_ backend: Backend, at now: Int64) {
        if backend.definition.draining {
            self = .draining
        } else if !backend.isHealthy {
            self = .unhealthy
        } else if backend.isCooling(at: now) {
            self = .cooling
        } else if backend.load.health.isTroubled {
            self = .recovering
        } else if backend.isFull {
            self = .full
        } else {
            self = backend.isWithinRate(at: now) ? .ready : .limited
        }
    }
}
