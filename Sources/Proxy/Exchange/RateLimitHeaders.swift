import Tenancy

/// The `x-ratelimit-*` headers' words and formats; pure.
enum RateLimitHeaders {
    /// The header's last word and the quotas it speaks of.
    static let kinds: [(String, [QuotaLimitType])] = [("requests", [.rpm, .rpd]), ("tokens", [.tpm, .tpd])]

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
