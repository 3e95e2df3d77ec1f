import Synchronization
public import Tenancy

/// How backups go, for the metrics.
public final class BackupStatus: Sendable {
    struct Figures: Sendable, Equatable {
        /// When the newest that adds up was begun; nil: there is none.
        var newest: Timestamp?
        /// Milliseconds from one to the next.
        var everyMS: Int64 = 0
        var failures: UInt64 = 0
    }

    private let state = Mutex(Figures())

    /// Of a gateway that has made none yet, and makes one every so many milliseconds.
    public init(everyMS: Int64 = 0) {
        state.withLock { $0.everyMS = everyMS }
    }

    var figures: Figures { state.withLock { $0 } }

    /// The newest that adds up was begun at an instant; nil: there is none.
    public func found(newest: Timestamp?) {
        state.withLock { $0.newest = newest }
    }

    /// One could not be made, or does not add up.
    public func failed() {
        state.withLock { $0.failures &+= 1 }
    }
}
