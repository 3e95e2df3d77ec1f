/// Counts of values by upper bound, as Prometheus wants them; not safe to share without a lock.
struct Histogram: Sendable {
    /// Upper bounds in the values' unit.
    let bounds: [Double]
    private var counts: [UInt64]
    private var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Adds one duration, in seconds.
    mutating func observe(nanoseconds: Int64) {
        observe(Double(nanoseconds) / 1e9)
    }

    /// Adds one value.
    mutating func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[index] += 1
        sum += value
    }

    var snapshot: HistogramSnapshot {
        HistogramSnapshot(bounds: bounds, counts: counts, sum: sum, count: counts.reduce(0, +))
    }
}

/// A histogram as it was at one moment.
public struct HistogramSnapshot: Sendable {
    /// Upper bounds in the values' unit.
    public let bounds: [Double]
    /// Observations per bound, not cumulative; the last is above all bounds.
    public let counts: [UInt64]
    /// Sum of all observations.
    public let sum: Double
    /// Number of observations.
    public let count: UInt64

    /// A snapshot from its parts.
    public init(bounds: [Double], counts: [UInt64], sum: Double, count: UInt64) {
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
        self.count = count
    }
}
