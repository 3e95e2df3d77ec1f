public import Tenancy

/// A price version as downloads name it: exact texts, in USD.
public struct PriceFact: Codable, Sendable, Equatable {
    /// `prc_…`, what entries have as their price version.
    public let id: String
    /// Tollgate's name of the model.
    public let model: String
    /// `tenant` or `upstream`.
    public let kind: String
    /// The backend it is for; nil: all of them.
    public let backendID: String?
    /// The tenant it was agreed with; nil, and then not written at all, as before there was such a thing: all of them.
    public let tenantID: String?
    /// The service tier, or the size and quality of images; nil: the standard one.
    public let tier: String?
    /// It prices calls with more input tokens than this.
    public let aboveTokens: Int64?
    /// From when on it applied.
    public let effectiveFrom: Timestamp
    /// When it was published.
    public let publishedAt: Timestamp
    /// By meter, per million tokens; nil if only units are charged.
    public let perMillion: [String: String]?
    /// By meter, per unit.
    public let perUnit: [String: String]

    /// A version as stored.
    public init(_ version: PriceVersion) {
        id = version.id
        model = version.model
        kind = version.kind.rawValue
        backendID = version.backendID
        tenantID = version.tenantID?.text
        tier = version.tier
        aboveTokens = version.aboveTokens
        effectiveFrom = version.effectiveFrom
        publishedAt = version.publishedAt
        perMillion = version.rates.perMillion
        perUnit = version.rates.perUnit
    }

    /// The prices in picodollars per unit. Throws `RatesError` for a damaged fact.
    public func rates() throws(RatesError) -> Rates { try Rates(perMillion: perMillion, perUnit: perUnit) }
}
