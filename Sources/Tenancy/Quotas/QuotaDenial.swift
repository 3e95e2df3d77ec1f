/// An expected refusal: a quota has no room for the request.
public struct QuotaDenial: Error, Sendable, Equatable {
    /// Whose quota it is.
    public let subject: QuotaSubject
    /// Which ceiling it is.
    public let limitType: QuotaLimitType
    /// The ceiling.
    public let limit: Int64
    /// Milliseconds after which the same request fits if nothing else is taken; at concurrency, a guess.
    public let retryAfterMS: Int64

    /// A refusal by the named ceiling.
    public init(subject: QuotaSubject, limitType: QuotaLimitType, limit: Int64, retryAfterMS: Int64) {
        self.subject = subject
        self.limitType = limitType
        self.limit = limit
        self.retryAfterMS = retryAfterMS
    }
}
