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

    /// There is one that adds up, begun at an instant, and none is newer; nil: there is none at all.
    public func add(newest: Timestamp?) {
        state.withLock { $0.newest = newest }
    }

    /// One could not be made, or does not add up.
    public func failed() {
        state.withLock { $0.failures &+= 1 }
    }
}
