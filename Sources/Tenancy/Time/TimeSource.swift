#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where time comes from; tests move it by hand.
public protocol TimeSource: Sendable {
    /// The wall clock: decides windows, periods and expiry.
    func now() -> Timestamp
    /// Nanoseconds on a clock that never jumps: measures durations.
    func uptime() -> Int64
}

/// The machine's own clocks.
public struct SystemClock: TimeSource {
    /// A view of the machine's clocks; it holds no state.
    public init() {}

    /// The wall clock in microseconds.
    public func now() -> Timestamp {
        Timestamp(microseconds: read(CLOCK_REALTIME) / 1000)
    }

    /// The monotonic clock in nanoseconds.
    public func uptime() -> Int64 {
        read(CLOCK_MONOTONIC)
    }

    private func read(_ clock: clockid_t) -> Int64 {
        var value = timespec()
        clock_gettime(clock, &value)
        return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
    }
}
