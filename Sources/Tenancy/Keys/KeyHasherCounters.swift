/// What the argon2 workers have done since start.
public struct KeyHasherCounters: Sendable, Equatable {
    /// Upper bounds of the duration buckets in milliseconds; one more bucket holds what is above.
    public static let boundsMS: [Int64] = [5, 10, 25, 50, 100, 250, 500, 1000]

    /// Runs finished.
    public internal(set) var total: UInt64 = 0
    /// Runs refused because the queue was full or the wait too long.
    public internal(set) var rejected: UInt64 = 0
    /// Nanoseconds spent in all runs.
    public internal(set) var nanoseconds: UInt64 = 0
    /// Runs by duration, not cumulative.
    public internal(set) var buckets = [UInt64](repeating: 0, count: boundsMS.count + 1)
    /// Runs waiting for a worker right now.
    public internal(set) var queued = 0

    /// Counters of a hasher that has not run yet.
    public init() {}

    mutating func record(nanoseconds duration: Int64) {
        total &+= 1
        nanoseconds &+= UInt64(clamping: duration)
        let bucket = Self.boundsMS.firstIndex { duration <= $0 * 1_000_000 } ?? Self.boundsMS.count
        buckets[bucket] &+= 1
    }
}
