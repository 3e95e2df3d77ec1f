import Tenancy

/// The `x-ratelimit-*` headers' words and formats; pure.
enum RateLimitHeaders {
    /// Adds the three headers of requests and of tokens, where a quota binds.
    static func add(_ tightest: QuotaTightest, to headers: inout [(String, String)]) {
        if let state = tightest.requests {
            headers.append(("x-ratelimit-limit-requests", String(state.limit)))
            headers.append(("x-ratelimit-remaining-requests", String(state.remaining)))
            headers.append(("x-ratelimit-reset-requests", duration(state.resetsInMS)))
        }
        if let state = tightest.tokens {
            headers.append(("x-ratelimit-limit-tokens", String(state.limit)))
            headers.append(("x-ratelimit-remaining-tokens", String(state.remaining)))
            headers.append(("x-ratelimit-reset-tokens", duration(state.resetsInMS)))
        }
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

extension DataPlane {
    /// Adds the headers of the tightest quotas of a principal, where it has any.
    func addQuotaHeaders(of principal: Principal, to headers: inout [(String, String)]) {
        guard !principal.tenant.quota.isEmpty || !principal.key.quota.isEmpty else { return }
        RateLimitHeaders.add(quotas.tightest(principal, at: time.now()), to: &headers)
    }
}
