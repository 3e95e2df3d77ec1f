import Synchronization
public import Tenancy

/// A clock that moves only when a test says so.
public final class ManualClock: TimeSource {
    private let state: Mutex<Timestamp>

    /// Starts at the given instant, by default 2026-11-23T12:00:00Z.
    public init(_ start: Timestamp = Timestamp(microseconds: 1_795_435_200_000_000)) {
        state = Mutex(start)
    }

    /// The instant the test chose.
    public func now() -> Timestamp { state.withLock { $0 } }

    /// The same instant in nanoseconds.
    public func uptime() -> Int64 { state.withLock { $0.microseconds * 1000 } }

    /// Moves both clocks forward (or back, when negative).
    public func advance(milliseconds: Int64) {
        state.withLock { $0 = $0.adding(milliseconds: milliseconds) }
    }

    /// Jumps to an instant.
    public func set(_ instant: Timestamp) {
        state.withLock { $0 = instant }
    }
}
