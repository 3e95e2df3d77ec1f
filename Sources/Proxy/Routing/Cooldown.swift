/// A time in which a backend is skipped; pure.
struct Cooldown: Equatable, Sendable {
    /// Why a backend is skipped; the raw value is the word in status, logs and metrics.
    enum Reason: String, Sendable {
        case rateLimited = "rate_limited"
        case unreachable
        case failures
        case credentialRefused = "credential_refused"
    }

    /// The longest time a backend may ask for, in seconds.
    static let longestAskedSeconds: Int64 = 600
    /// How long a refused credential is left alone, in nanoseconds.
    static let credentialNanoseconds: Int64 = 60_000_000_000
    /// A cooldown is not made longer by less than this, in nanoseconds: calls that fail together all ask for it.
    static let shortestNanoseconds: Int64 = 1_000_000_000
    /// How far jitter may move a length, in thousandths.
    static let jitterPermille: ClosedRange<Int64> = -200...200

    private static let second: Int64 = 1_000_000_000
    private static let longestExponent = 6

    /// Uptime in nanoseconds.
    let since: Int64
    /// Uptime in nanoseconds.
    var until: Int64
    let reason: Reason

    /// One second, doubled with each consecutive cooldown up to a minute, moved by `jitter` thousandths.
    static func exponential(consecutive: Int, jitter: Int64) -> Int64 {
        let doublings = min(max(consecutive - 1, 0), longestExponent)
        let length = min(second << Int64(doublings), 60 * second)
        let bounded = min(max(jitter, jitterPermille.lowerBound), jitterPermille.upperBound)
        return length + length / 1000 * bounded
    }

    /// What a backend asked for, at least a second and at most ten minutes.
    static func asked(seconds: Int64) -> Int64 {
        min(max(seconds, 1), longestAskedSeconds) * second
    }
}
