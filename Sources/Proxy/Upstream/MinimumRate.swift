import NIOCore

/// Finds an answer that only trickles, by the bytes of one window after the other; each window begins with a byte.
///
/// Silence is the idle limit's business: a backend may think between two bytes for as long as that lets it.
struct MinimumRate {
    static let windowSeconds: Int64 = 30

    private var since: NIODeadline?
    private var count: Int64 = 0

    mutating func didRead(_ bytes: Int, at now: NIODeadline) {
        if since == nil { since = now }
        count += Int64(bytes)
    }

    /// Whether a window has ended with fewer bytes than `perSecond` asks for; zero or less asks for nothing.
    mutating func isMissed(_ perSecond: Int64, at now: NIODeadline) -> Bool {
        guard let since, (now - since).nanoseconds >= Self.windowSeconds * 1_000_000_000 else { return false }
        let (least, isHuge) = perSecond.multipliedReportingOverflow(by: Self.windowSeconds)
        let isMissed = perSecond > 0 && (isHuge || count < least)
        restart()
        return isMissed
    }

    /// Forgets the window that runs; the next byte begins another.
    mutating func restart() {
        since = nil
        count = 0
    }
}
