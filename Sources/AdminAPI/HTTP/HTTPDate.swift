import Tenancy

/// Instants as HTTP headers have them: `Fri, 27 Nov 2026 00:32:15 GMT`.
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The text of an instant from 1970 on.
    static func text(_ instant: Timestamp) -> String {
        let parts = instant.rfc3339.split(whereSeparator: { "-T:.Z".contains($0) })
        guard parts.count >= 6, let month = Int(parts[1]), months.indices.contains(month &- 1) else { return "" }
        let days = max(0, instant.seconds) / 86_400
        let weekday = weekdays[Int(days % 7)]
        return "\(weekday), \(parts[2]) \(months[month &- 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
    }
}
