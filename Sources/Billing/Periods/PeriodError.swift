public import Tenancy

/// Why a month cannot be closed or corrected.
public enum PeriodError: Error, Sendable, Equatable {
    /// It has not ended, in UTC.
    case notEnded(end: Timestamp)
    /// Only a closed month is corrected; an open one still takes entries.
    case notClosed
}
