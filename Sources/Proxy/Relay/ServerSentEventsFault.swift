/// Why a stream can't be split any further.
enum ServerSentEventsFault: Error, Equatable {
    /// A line passed the line limit.
    case lineTooLong
    /// An event passed the event limit.
    case eventTooLong
}
