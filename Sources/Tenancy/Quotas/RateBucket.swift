/// A token bucket that holds one minute's worth and refills evenly; it starts full.
///
/// It counts what is missing, in units times the nanoseconds of a minute, so that refilling is a multiplication and
/// nothing is ever rounded.
public struct RateBucket: Sendable {
    private static let minute: Int128 = 60_000_000_000

    private var missing: Int128 = 0
    private var refilledAt: Int64 = 0

    /// A full bucket.
    public init() {}

    /// Adds what has flowed in since the last call. `now` is the uptime in nanoseconds.
    public mutating func refill(limit: Int64, now: Int64) {
        let elapsed = now.subtractingReportingOverflow(refilledAt)
        refilledAt = max(now, refilledAt)
        guard missing > 0, !elapsed.overflow, elapsed.partialValue > 0 else { return }
        missing = max(0, missing - Int128(limit) * Int128(elapsed.partialValue))
        // After a lowered limit the bucket is no emptier than empty.
        missing = min(missing, Int128(limit) * Self.minute)
    }

    /// Milliseconds until `units` fit, 0 if they do now. More than the limit needs a full bucket.
    public func waitMS(units: Int64, limit: Int64) -> Int64 {
        guard units > 0 else { return 0 }
        // Nothing ever flows into such a bucket; a minute is as good an answer as any.
        guard limit > 0 else { return 60_000 }
        let over = missing + Int128(min(units, limit)) * Self.minute - Int128(limit) * Self.minute
        return over > 0 ? Self.milliseconds(toRefill: over, limit: limit) : 0
    }

    /// Takes `units`, or all there is room for if that is less than asked; returns what was taken.
    public mutating func take(units: Int64, limit: Int64) -> Int64 {
        let taken = max(0, min(units, limit))
        missing += Int128(taken) * Self.minute
        return taken
    }

    /// Corrects what was taken under `limit`; a give-back of what has flowed in already is lost.
    public mutating func adjust(by units: Int64, limit: Int64) {
        let moved = missing + Int128(units) * Self.minute
        missing = units > 0 ? max(missing, min(moved, Int128(limit) * Self.minute)) : max(0, moved)
    }

    func remaining(limit: Int64) -> Int64 {
        let free = Int128(limit) * Self.minute - missing
        return free > 0 ? Int64(clamping: free / Self.minute) : 0
    }

    func resetsInMS(limit: Int64) -> Int64 {
        guard missing > 0 else { return 0 }
        return limit > 0 ? Self.milliseconds(toRefill: missing, limit: limit) : 60_000
    }

    private static func milliseconds(toRefill amount: Int128, limit: Int64) -> Int64 {
        let flow = Int128(limit) * 1_000_000
        return Int64(clamping: (amount + flow - 1) / flow)
    }
}
