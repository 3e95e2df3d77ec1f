/// Requests and tokens of the current calendar day of one zone.
struct DayCount {
    private(set) var day: CalendarSpan
    private(set) var zone: String
    private(set) var requests: Int64 = 0
    private(set) var tokens: Int64 = 0
    /// The day before this one, or the one that a clock which was set back had come from.
    private var other: (day: CalendarSpan, requests: Int64, tokens: Int64)?

    init(zone: String, at instant: Timestamp) {
        self.zone = zone
        day = Self.span(zone: zone, at: instant)
    }

    /// Begins another day when this one is over, or when the clock was set back before it: at nothing, unless the clock
    /// has only come back to it. After a change of zone the counts stay until the new day ends.
    mutating func roll(zone: String, at instant: Timestamp) {
        if zone != self.zone {
            self.zone = zone
            day = Self.span(zone: zone, at: instant)
        }
        // A request admitted a moment before midnight may arrive here after it: that is no reason to go back.
        guard instant >= day.end || instant.adding(milliseconds: 3_600_000) < day.start else { return }
        let left = (day, requests, tokens)
        day = Self.span(zone: zone, at: instant)
        let back = other.flatMap { $0.day == day ? $0 : nil }
        (requests, tokens) = (back?.requests ?? 0, back?.tokens ?? 0)
        other = left
    }

    mutating func set(requests: Int64, tokens: Int64) {
        self.requests = max(0, requests)
        self.tokens = max(0, tokens)
    }

    mutating func add(requests: Int64, tokens: Int64) {
        self.requests = Self.sum(self.requests, requests)
        self.tokens = Self.sum(self.tokens, tokens)
    }

    /// Milliseconds until `units` fit beside `used`, 0 if they do now. More than the limit needs an unused day.
    func waitMS(units: Int64, used: Int64, limit: Int64, at instant: Timestamp) -> Int64 {
        guard units > 0 else { return 0 }
        let fits = limit > 0 && Self.sum(used, min(units, limit)) <= limit
        return fits ? 0 : max(1, resetsInMS(at: instant))
    }

    func resetsInMS(at instant: Timestamp) -> Int64 {
        let (rest, overflow) = day.end.microseconds.subtractingReportingOverflow(instant.microseconds)
        guard !overflow, rest > 0 else { return 0 }
        return rest / 1000 + (rest % 1000 > 0 ? 1 : 0)
    }

    private static func span(zone: String, at instant: Timestamp) -> CalendarSpan {
        (CalendarZone(identifier: zone) ?? CalendarZone.utc).day(containing: instant)
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? (right > 0 ? .max : 0) : max(0, sum)
    }
}
