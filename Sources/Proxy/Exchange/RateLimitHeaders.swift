import Tenancy

/// The `x-ratelimit-*` headers.
enum RateLimitHeaders {
    /// Adds the three headers of requests and of tokens, where a quota binds.
    static func add(_ tightest: QuotaTightest, to head: inout AnswerHead) {
        if let state = tightest.requests {
            head.add("x-ratelimit-limit-requests", state.limit)
            head.add("x-ratelimit-remaining-requests", state.remaining)
            head.add("x-ratelimit-reset-requests", milliseconds: state.resetsInMS)
        }
        if let state = tightest.tokens {
            head.add("x-ratelimit-limit-tokens", state.limit)
            head.add("x-ratelimit-remaining-tokens", state.remaining)
            head.add("x-ratelimit-reset-tokens", milliseconds: state.resetsInMS)
        }
    }
}

extension DataPlane {
    /// Adds the headers of the tightest quotas of a principal, where it has any.
    func addQuotaHeaders(of principal: Principal, to head: inout AnswerHead) {
        guard !principal.tenant.quota.isEmpty || !principal.key.quota.isEmpty else { return }
        RateLimitHeaders.add(quotas.tightest(principal, at: time.now()), to: &head)
    }
}
