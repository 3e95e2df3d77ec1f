/// What the journal has counted since the process started.
public struct JournalCounters: Sendable, Equatable {
    /// Upper bounds of the histogram's buckets in nanoseconds; one more bucket takes the rest.
    public static let bounds: [Int64] = [
        250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 1_000_000_000,
    ]

    /// Jobs that wait for the writer now.
    public var pending = 0
    /// Whether the last commit succeeded.
    public var isWritable = true
    /// Transactions that failed.
    public var failures: UInt64 = 0
    /// Commits by duration, not cumulative.
    public var commitCounts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// All commit durations together in nanoseconds.
    public var commitNanoseconds: Int64 = 0
    /// All commits.
    public var commits: UInt64 = 0

    /// Nothing counted yet.
    public init() {}

    mutating func addCommit(nanoseconds: Int64) {
        commits += 1
        commitNanoseconds = commitNanoseconds.addingReportingOverflow(max(nanoseconds, 0)).partialValue
        commitCounts[Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count] += 1
    }
}
