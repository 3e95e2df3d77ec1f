/// One UTC day and model: what the ledger has, what the provider bills, and why they may differ.
public struct ReconciliationLine: Codable, Sendable, Equatable {
    /// Why the two differ, as far as the ledger can tell.
    public enum Cause: String, Codable, CaseIterable, Sendable {
        /// They agree to half a percent.
        case agrees
        /// Calls have no upstream price.
        case noUpstreamPrice = "no_upstream_price"
        /// Calls were sent and not answered; the provider may have worked on them all the same.
        case unanswered
        /// Tokens from or into caches, which providers price each in their own way.
        case cacheTokens = "cache_tokens"
        /// Usage was estimated, because the provider's own did not arrive.
        case estimatedUsage = "estimated_usage"
        /// The provider was used past the gateway.
        case offGateway = "off_gateway"
        /// The bill has nothing (yet) for these calls.
        case notBilled = "not_billed"
        /// The bill has amounts without a model beside those with one.
        case noModel = "no_model"
        /// Nothing else explains it: the upstream price is not the provider's.
        case priceVersion = "price_version"
    }

    /// `2026-11-01`.
    public let day: String
    /// What the provider calls the model; nil: all models, or none where the cause is `noModel`.
    public let model: String?
    /// USD by upstream prices.
    public let captured: Money
    /// USD on the bill.
    public let billed: Money
    /// Captured over billed with four digits; nil where nothing was billed.
    public let ratio: String?
    /// The likeliest.
    public let cause: Cause
    /// Calls that were settled: answered, broken off, or charged without an answer.
    public let calls: Int64
}
