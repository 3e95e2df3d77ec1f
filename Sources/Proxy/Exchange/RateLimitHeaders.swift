import Tenancy

/// The `x-ratelimit-*` headers' words and formats; pure.
enum RateLimitHeaders {
    /// The three headers of one kind of quota.
    struct Kind: Sendable {
        let limit: String
        let remaining: String
        let reset: String
        let types: [QuotaLimitType]

        init(_ word: String, _ types: [QuotaLimitType]) {
            limit = "x-ratelimit-limit-" + word
            remaining = "x-ratelimit-remaining-" + word
            reset = "x-ratelimit-reset-" + word
            self.types = types
        }
    }

    /// Requests and tokens, a minute's and a day's.
    static let kinds = [Kind("requests", [.rpm, .rpd]), Kind("tokens", [.tpm, .tpd])]

    /// The state with the least left among those of these types.
    static func tightest(_ states: [QuotaState], of types: [QuotaLimitType]) -> QuotaState? {
        states.filter { types.contains($0.limitType) }.min { $0.remaining < $1.remaining }
    }

    /// A duration as OpenAI writes it: `20ms`, `1s`, `6m0s`, `1h0m0s`.
    static func duration(_ milliseconds: Int64) -> String {
        if milliseconds < 1000 { return "\(max(0, milliseconds))ms" }
        let seconds = (milliseconds + 999) / 1000
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m\(seconds % 60)s" }
        return "\(seconds / 3600)h\(seconds / 60 % 60)m\(seconds % 60)s"
    }
}
