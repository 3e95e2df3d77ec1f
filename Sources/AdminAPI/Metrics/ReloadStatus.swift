import Synchronization

/// How often the process took its settings again, for the metrics.
public final class ReloadStatus: Sendable {
    struct Figures: Sendable, Equatable {
        var applied: UInt64 = 0
        var refused: UInt64 = 0
    }

    private let state = Mutex(Figures())

    /// Of a process that has just started.
    public init() {}

    var figures: Figures { state.withLock { $0 } }

    /// All of the new settings are in force.
    public func applied() {
        state.withLock { $0.applied &+= 1 }
    }

    /// Something was wrong with the new ones, and the old ones are in force.
    public func refused() {
        state.withLock { $0.refused &+= 1 }
    }
}
