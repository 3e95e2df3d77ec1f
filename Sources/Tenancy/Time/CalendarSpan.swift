/// A stretch of time: the start belongs to it, the end does not.
public struct CalendarSpan: Sendable, Hashable {
    /// The first instant.
    public let start: Timestamp
    /// The first instant after it.
    public let end: Timestamp

    /// The stretch between the two instants.
    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// Whether the instant belongs to it.
    public func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }
}
