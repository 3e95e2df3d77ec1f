import Tenancy

/// A backend's own rate limit, as a token bucket; without one every call fits; pure.
struct BackendRate: Sendable {
    private var bucket = RateBucket()

    /// Milliseconds until a call fits, 0 when one does now.
    mutating func waitMS(rpm: Int?, at now: Int64) -> Int64 {
        guard let rpm else { return 0 }
        bucket.refill(limit: Int64(rpm), now: now)
        return bucket.waitMS(units: 1, limit: Int64(rpm))
    }

    mutating func take(rpm: Int?) {
        guard let rpm else { return }
        _ = bucket.take(units: 1, limit: Int64(rpm))
    }

    /// The call was never made.
    mutating func giveBack(rpm: Int?) {
        guard let rpm else { return }
        bucket.adjust(by: -1, limit: Int64(rpm))
    }
}
