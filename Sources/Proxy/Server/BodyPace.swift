/// How fast a request's body must come in, so that a slow client cannot keep its place for ever.
struct BodyPace {
    /// Bytes a second.
    private static let slowest: Int64 = 1024
    /// It must keep that pace in each stretch of so many seconds too, however fast it was before.
    private static let stretch: Int64 = 20

    private let since: Int64
    private var stretchSince: Int64
    private var receivedBefore = 0

    /// - Parameters:
    ///   - since: when the body began, in nanoseconds of the monotonic clock.
    ///   - graceMS: milliseconds that are free.
    init(since: Int64, graceMS: Int64) {
        self.since = since + graceMS * 1_000_000
        stretchSince = self.since
    }

    /// Whether so many bytes are too few by now.
    mutating func isTooSlow(received: Int, at now: Int64) -> Bool {
        let seconds = Self.seconds(from: since, to: now)
        if seconds > 0, Int64(received) < seconds * Self.slowest { return true }
        guard Self.seconds(from: stretchSince, to: now) >= Self.stretch else { return false }
        defer {
            stretchSince = now
            receivedBefore = received
        }
        return Int64(received - receivedBefore) < Self.stretch * Self.slowest
    }

    private static func seconds(from start: Int64, to end: Int64) -> Int64 { (end - start) / 1_000_000_000 }
}
