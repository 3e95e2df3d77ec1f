public import Tenancy

/// One published price of a model; it never changes, a new price is a new version.
public final class PriceVersion: Sendable {
    /// `prc_…`
    public let id: String
    /// Tollgate's name of the model.
    public let model: String
    /// Tenant or upstream.
    public let kind: PriceKind
    /// The backend it is for; nil: all of them.
    public let backendID: String?
    /// The tenant it was agreed with; nil: all of them. Only tenants' prices have one.
    public let tenantID: ID<Tenant>?
    /// The service tier, or the size and quality of images, it is for; nil: the standard one.
    public let tier: String?
    /// It prices calls with more input tokens than this, cached ones included, as a whole; nil: those of any length.
    public let aboveTokens: Int64?
    /// Requests admitted from this instant on have this price, unless a later version applies.
    public let effectiveFrom: Timestamp
    /// When it was stored; it never prices a request admitted earlier.
    public let publishedAt: Timestamp
    /// What it charges, before a tenant's multiplier.
    public let rates: Rates

    /// A version as stored.
    public init(
        id: String,
        model: String,
        kind: PriceKind = .tenant,
        backendID: String? = nil,
        tenantID: ID<Tenant>? = nil,
        tier: String? = nil,
        aboveTokens: Int64? = nil,
        effectiveFrom: Timestamp,
        publishedAt: Timestamp,
        rates: Rates
    ) {
        self.id = id
        self.model = model
        self.kind = kind
        self.backendID = backendID
        self.tenantID = tenantID
        self.tier = tier
        self.aboveTokens = aboveTokens
        self.effectiveFrom = effectiveFrom
        self.publishedAt = publishedAt
        self.rates = rates
    }

    /// Whether both are for the same thing from the same instant on, whatever they cost.
    public func hasIdentity(of other: PriceVersion) -> Bool {
        model == other.model && kind == other.kind && backendID == other.backendID
            && tenantID == other.tenantID && tier == other.tier && aboveTokens == other.aboveTokens
            && effectiveFrom == other.effectiveFrom
    }

    /// Millionths of it that a tenant with this multiplier pays: what was agreed with one tenant is paid as it stands.
    public func ppm(multiplier: Int64) -> Int64 { tenantID == nil ? multiplier : 1_000_000 }

    /// The instant from which on it can price requests.
    var appliesFrom: Timestamp { max(effectiveFrom, publishedAt) }

    /// Whether a call with so many input tokens is long enough for it.
    func covers(inputTokens: Int64) -> Bool { aboveTokens.map { $0 < inputTokens } ?? true }
}
