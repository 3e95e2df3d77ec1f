public import Tenancy

/// A calendar span a budget counts over: from `start` up to, not including, `end`.
public struct BudgetWindow: Sendable, Equatable {
    /// How long a span is.
    public enum Kind: String, CaseIterable, Sendable {
        /// A calendar day.
        case day
        /// An ISO week, from Monday.
        case week
        /// A calendar month.
        case month
        /// For ever.
        case total
    }

    /// The first instant that counts; the epoch for a total.
    public let start: Timestamp
    /// The first instant that no longer counts; the end of time for a total.
    public let end: Timestamp

    /// Everything since the epoch.
    public static let total = BudgetWindow(
        start: Timestamp(microseconds: 0), end: Timestamp(microseconds: Int64.max)
    )

    /// A span between two instants.
    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// The span of a kind that an instant falls in.
    public init(_ kind: Kind, containing instant: Timestamp, in zone: CalendarZone) {
        let span: CalendarSpan
        switch kind {
        case .total:
            self = .total
            return
        case .day: span = zone.day(containing: instant)
        case .week: span = zone.week(containing: instant)
        case .month: span = zone.month(containing: instant)
        }
        self.init(start: span.start, end: span.end)
    }

    /// Whether an instant falls in the span.
    public func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }
}
