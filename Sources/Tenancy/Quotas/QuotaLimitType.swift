/// Which ceiling it is.
public enum QuotaLimitType: String, Sendable, CaseIterable {
    /// Requests a minute.
    case rpm
    /// Tokens a minute.
    case tpm
    /// Requests a day.
    case rpd
    /// Tokens a day.
    case tpd
    /// Requests at the same time.
    case concurrency
}
