import NIOCore

/// The time limits of one call and the instants they are measured from; told what happens, and asked in every sweep.
struct CallLimits {
    private let timeouts: UpstreamTimeouts
    private let startedAt: NIODeadline
    private var sentAt: NIODeadline?
    private var lastByteAt: NIODeadline?
    private var rate = MinimumRate()

    init(_ timeouts: UpstreamTimeouts, startedAt: NIODeadline) {
        self.timeouts = timeouts
        self.startedAt = startedAt
    }

    /// The request is on its way.
    mutating func didSend(at now: NIODeadline) {
        sentAt = now
    }

    mutating func didReadHead(at now: NIODeadline) {
        lastByteAt = now
    }

    mutating func didReadBody(_ count: Int, at now: NIODeadline) {
        lastByteAt = now
        rate.didRead(count, at: now)
    }

    /// A pause is nobody's silence.
    mutating func didResume(at now: NIODeadline) {
        lastByteAt = lastByteAt.map { _ in now }
        rate.restart()
    }

    /// The limit that has passed, and what it says in words.
    mutating func passed(at now: NIODeadline, isPaused: Bool) -> (reason: UpstreamFailureReason, detail: String)? {
        if Self.isPast(timeouts.totalMS, since: startedAt, now) {
            return (.totalTimeout, "no end within \(timeouts.totalMS) ms")
        }
        if let lastByteAt {
            guard !isPaused else { return nil }
            if Self.isPast(timeouts.idleMS, since: lastByteAt, now) {
                return (.idleTimeout, "no byte for \(timeouts.idleMS) ms")
            }
            guard rate.isMissed(timeouts.minRate, at: now) else { return nil }
            return (
                .minimumRate,
                "fewer than \(timeouts.minRate) bytes a second for \(MinimumRate.windowSeconds) s"
            )
        }
        guard let sentAt, Self.isPast(timeouts.firstByteMS, since: sentAt, now) else { return nil }
        return (.firstByteTimeout, "no response head within \(timeouts.firstByteMS) ms")
    }

    private static func isPast(_ limitMS: Int64, since start: NIODeadline, _ now: NIODeadline) -> Bool {
        limitMS > 0 && (now - start).nanoseconds / 1_000_000 >= limitMS
    }
}
