import Synchronization
public import Tenancy

/// How backups go, for the metrics.
public final class BackupStatus: Sendable {
    struct Figures: Sendable, Equatable {
        /// When the newest that adds up was begun; nil: there is none.
        var newest: Timestamp?
        var failures: UInt64 = 0
    }

    private let state = Mutex(Figures())

    /// Of a gateway that has made none yet.
    public init() {}

    var figures: Figures { state.withLock { $0 } }

    /// The newest there is at the start.
    public func found(newest: Timestamp?) {
        state.withLock { $0.newest = newest }
    }

    /// One was made and adds up.
    public func made(at instant: Timestamp) {
        state.withLock { $0.newest = instant }
    }

    /// One could not be made, or does not add up.
    public func failed() {
        state.withLock { $0.failures &+= 1 }
    }
}
