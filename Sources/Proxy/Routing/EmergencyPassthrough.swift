import Tenancy

/// The rate of emergency calls to one backend, over all tenants; pure.
struct EmergencyPassthrough: Sendable {
    private var bucket = RateBucket()

    /// Emergency calls a minute: the fraction of the backend's rate, but at least one; 0 when there are none.
    static func perMinute(rpm: Int?, _ settings: RoutingSettings) -> Int64 {
        guard settings.emergencyPPM > 0, settings.emergencyAttempts > 0 else { return 0 }
        let base = rpm.map { Int64($0) } ?? settings.defaultRPM
        return max(1, base.clampedProduct(settings.emergencyPPM) / 1_000_000)
    }

    /// Whether a call may be made now.
    mutating func allows(perMinute: Int64, at now: Int64) -> Bool {
        guard perMinute > 0 else { return false }
        bucket.refill(limit: perMinute, now: now)
        return bucket.waitMS(units: 1, limit: perMinute) == 0
    }

    mutating func take(perMinute: Int64) {
        _ = bucket.take(units: 1, limit: perMinute)
    }

    mutating func giveBack(perMinute: Int64) {
        bucket.adjust(by: -1, limit: perMinute)
    }
}
