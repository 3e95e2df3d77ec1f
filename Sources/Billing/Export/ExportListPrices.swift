import Tenancy

/// What the list said where another price was agreed with a tenant, from the frozen facts alone.
struct ExportListPrices {
    private let book: PriceBook
    /// By id, the versions that were agreed with a tenant.
    private let agreed: [String: PriceFact]

    init(_ prices: [String: PriceFact]) throws(RatesError) {
        agreed = prices.filter { $0.value.tenantID != nil }
        var listed: [PriceVersion] = []
        if !agreed.isEmpty {
            for price in prices.values where price.kind == PriceKind.tenant.rawValue && price.tenantID == nil {
                listed.append(try PriceVersion(price))
            }
        }
        book = PriceBook(listed)
    }

    var isEmpty: Bool { agreed.isEmpty }

    /// The version of the list for a call of the agreed one's tier; nil for a version of the list, and where the list
    /// had no price.
    func version(beside id: String, inputTokens: Int64, at admitted: Timestamp) -> String? {
        guard let own = agreed[id],
            let sheet = book.sheet(model: own.model, tenantID: ID(own.tenantID ?? ""), at: admitted)
        else { return nil }
        return sheet.version(tiers: own.tier.map { [$0] } ?? [], inputTokens: inputTokens).id
    }
}

extension PriceVersion {
    /// A version of the list as it was frozen. Throws `RatesError` for a damaged fact.
    fileprivate convenience init(_ fact: PriceFact) throws(RatesError) {
        self.init(
            id: fact.id, model: fact.model, tier: fact.tier, aboveTokens: fact.aboveTokens,
            effectiveFrom: fact.effectiveFrom, publishedAt: fact.publishedAt, rates: try fact.rates())
    }
}
