/// A smoothed time to first byte; pure.
struct LatencyAverage: Equatable, Sendable {
    /// An older figure says nothing of a backend any more: it is measured anew.
    static let staleNanoseconds: Int64 = 60_000_000_000

    private static let weightOfNewest = 0.2
    private var measuredAt: Int64 = 0
    private var value: Double?

    /// In nanoseconds; nil before the first answer.
    var nanoseconds: Double? { value }

    /// The figure if it is fresh enough to choose by.
    func current(at now: Int64) -> Double? {
        guard let value, now - measuredAt < Self.staleNanoseconds else { return nil }
        return value
    }

    mutating func add(nanoseconds: Int64, at now: Int64) {
        let newest = Double(max(nanoseconds, 0))
        value = current(at: now).map { $0 + Self.weightOfNewest * (newest - $0) } ?? newest
        measuredAt = now
    }
}
