/// How much of one ceiling is left.
public struct QuotaState: Sendable, Equatable {
    /// Whose quota it is.
    public let subject: QuotaSubject
    /// Which ceiling it is.
    public let limitType: QuotaLimitType
    /// The ceiling.
    public let limit: Int64
    /// What may still be taken; never below zero.
    public let remaining: Int64
    /// Milliseconds until all of it is free again if nothing else is taken; 0 for concurrency.
    public let resetsInMS: Int64

    /// The state of the named ceiling.
    public init(subject: QuotaSubject, limitType: QuotaLimitType, limit: Int64, remaining: Int64, resetsInMS: Int64) {
        self.subject = subject
        self.limitType = limitType
        self.limit = limit
        self.remaining = remaining
        self.resetsInMS = resetsInMS
    }
}
