import Synchronization
public import Tenancy

/// A pool as the status page shows it.
public struct PoolStatus: Sendable {
    /// The pool's name.
    public let name: String
    /// Its backends in the order they were added.
    public let backends: [BackendStatus]
}

/// A backend as the status page shows it.
public struct BackendStatus: Sendable {
    /// `be_…`.
    public let id: String
    /// The backend's unique name.
    public let name: String
    /// The pool it belongs to.
    public let pool: String
    /// Attempts not yet finished.
    public let inFlight: Int
    /// Takes no new calls; old ones finish.
    public let draining: Bool
    /// False after failed probes; there are no probes yet, so always true.
    public let healthy: Bool
    /// Skipped until then; nil when it is not cooling.
    public let cooldownUntil: Timestamp?
    /// Why it is cooling.
    public let cooldownReason: String?
    /// The last failure seen on real traffic.
    public let lastError: String?
    /// Smoothed time to first byte in milliseconds; nil before the first answer.
    public let ewmaLatencyMS: Double?
}

extension BackendStatus {
    init(_ backend: Backend) {
        let figures = backend.load.figures.withLock { $0 }
        self.init(
            id: backend.definition.id.text, name: backend.definition.name, pool: backend.definition.pool,
            inFlight: figures.inFlight, draining: backend.definition.draining, healthy: true, cooldownUntil: nil,
            cooldownReason: nil, lastError: figures.lastError, ewmaLatencyMS: nil)
    }
}
