/// How fast a request's body must come in, so that a slow client cannot keep its place for ever.
enum BodyPace {
    /// Bytes a second, once the grace is over.
    static let slowest: Int64 = 1024

    /// Whether so many bytes are too few after so many nanoseconds, the first `graceMS` milliseconds of which are free.
    static func isTooSlow(received: Int, after nanoseconds: Int64, graceMS: Int64) -> Bool {
        let seconds = (nanoseconds - graceMS * 1_000_000) / 1_000_000_000
        return seconds > 0 && Int64(received) < seconds * slowest
    }
}
