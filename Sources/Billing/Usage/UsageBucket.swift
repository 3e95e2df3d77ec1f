public import Tenancy

/// How long the spans are that a usage query sums over.
public enum UsageBucket: String, CaseIterable, Sendable {
    case hour
    case day
    case month

    /// Spans one query may have; more are refused rather than counted.
    public static let countMaximum: Int64 = 10_000

    /// The span that contains the instant. Hours are counted from the start of the local day, and the last one of a day
    /// ends with it.
    func span(containing instant: Timestamp, in zone: CalendarZone) -> CalendarSpan {
        switch self {
        case .day: return zone.day(containing: instant)
        case .month: return zone.month(containing: instant)
        case .hour:
            let day = zone.day(containing: instant)
            let into = instant.microseconds - day.start.microseconds
            let start = instant.microseconds - into % Self.hourLength
            let end = min(start + Self.hourLength, day.end.microseconds)
            return CalendarSpan(start: Timestamp(microseconds: start), end: Timestamp(microseconds: end))
        }
    }

    /// Whether a query over the span stays within `countMaximum`.
    public func suits(_ span: CalendarSpan) -> Bool {
        let (length, overflow) = span.end.microseconds.subtractingReportingOverflow(span.start.microseconds)
        return !overflow && length / shortest < Self.countMaximum
    }

    private static let hourLength: Int64 = 3_600_000_000

    /// Microseconds of the shortest span there is, clock changes apart.
    private var shortest: Int64 {
        switch self {
        case .hour: Self.hourLength
        case .day: 24 * Self.hourLength
        case .month: 28 * 24 * Self.hourLength
        }
    }
}
