import Tenancy

/// Instants as people say them.
enum RelativeTime {
    private static let units: [(name: String, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]

    /// `3 h ago`, `in 4 d`, `now`; beyond a hundred days the date.
    static func text(_ instant: Timestamp, now: Timestamp) -> String {
        let (difference, overflow) = instant.seconds.subtractingReportingOverflow(now.seconds)
        guard !overflow, difference != .min, abs(difference) <= 100 * 86_400 else {
            return String(instant.rfc3339.prefix(10))
        }
        guard let span = span(abs(difference)) else { return "now" }
        return difference < 0 ? "\(span) ago" : "in \(span)"
    }

    /// `3 h`: the largest unit there is one of, rounded down; nil below a second.
    static func span(_ seconds: Int64) -> String? {
        units.first { seconds >= $0.seconds }.map { "\(seconds / $0.seconds) \($0.name)" }
    }
}
