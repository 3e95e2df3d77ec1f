public import Tenancy

/// What importing a price list would publish, and what that changes.
public struct PriceImportPlan: Sendable {
    /// For whom and from when on prices are imported.
    public struct Terms: Sendable {
        /// Who pays them.
        public let kind: PriceKind
        /// The backend they are for; nil: all.
        public let backendID: String?
        /// From when on.
        public let effectiveFrom: Timestamp
        /// Now.
        public let publishedAt: Timestamp

        /// The terms of one import.
        public init(kind: PriceKind, backendID: String?, effectiveFrom: Timestamp, publishedAt: Timestamp) {
            self.kind = kind
            self.backendID = backendID
            self.effectiveFrom = effectiveFrom
            self.publishedAt = publishedAt
        }
    }

    /// Versions to publish, in the order of the list.
    public private(set) var versions: [PriceVersion] = []
    /// What they change, meter by meter.
    public private(set) var changes: [PriceChange] = []
    /// Listed prices that apply already.
    public private(set) var unchanged = 0
    /// Models for which other numbers were published for the same instant; nothing may be imported over them.
    public private(set) var conflicts: [String] = []

    /// Prices for tiers and long inputs that stay in force although the list, which has the model, has them no more.
    public private(set) var leftOver: [PriceVersion] = []

    /// Compares listed prices, under Tollgate's names, with the versions that are published.
    public init(_ prices: [ListedPrice], over published: [PriceVersion], _ terms: Terms) {
        let relevant = published.filter {
            $0.kind == terms.kind && $0.backendID == terms.backendID && $0.tenantID == nil
                && $0.effectiveFrom <= terms.effectiveFrom
        }
        // The latest first, as a sheet wants them.
        let known = Dictionary(grouping: relevant, by: \.model).mapValues { versions in
            versions.sorted { ($0.effectiveFrom, $0.publishedAt, $0.id) > ($1.effectiveFrom, $1.publishedAt, $1.id) }
        }
        let sheets = known.compactMapValues { PriceSheet($0) }
        for price in prices {
            let current = known[price.model]?.first { $0.tier == price.tier && $0.aboveTokens == price.aboveTokens }
            if let current, current.rates == price.rates {
                unchanged += 1
                continue
            }
            if current?.effectiveFrom == terms.effectiveFrom, !conflicts.contains(price.model) {
                conflicts.append(price.model)
            }
            self.versions.append(
                PriceVersion(
                    id: ID<PriceVersion>.make(prefix: "prc", at: terms.publishedAt).text, model: price.model,
                    kind: terms.kind, backendID: terms.backendID, tier: price.tier, aboveTokens: price.aboveTokens,
                    effectiveFrom: terms.effectiveFrom, publishedAt: terms.publishedAt, rates: price.rates))
            changes += Self.changes(price, from: Self.applied(price, sheets[price.model])?.rates)
        }
        let listed = Dictionary(grouping: prices, by: \.model)
        for (model, sheet) in sheets.sorted(by: { $0.key < $1.key }) {
            guard let named = listed[model] else { continue }
            leftOver += sheet.others.filter { version in
                !named.contains { $0.tier == version.tier && $0.aboveTokens == version.aboveTokens }
            }
        }
    }

    /// The version that until now prices the calls that a listed price is for.
    private static func applied(_ price: ListedPrice, _ sheet: PriceSheet?) -> PriceVersion? {
        let (longer, _) = (price.aboveTokens ?? -1).addingReportingOverflow(1)
        return sheet?.version(tiers: price.tier.map { [$0] } ?? [], inputTokens: longer)
    }

    /// What calls pay differently, meter by meter. A meter without a price of its own before or after goes with its
    /// parent, which is named.
    private static func changes(_ price: ListedPrice, from old: Rates?) -> [PriceChange] {
        Meter.allCases.compactMap { meter in
            let isNamed = price.rates.own(meter) != nil || old?.own(meter) != nil
            guard isNamed, old?[meter] != price.rates[meter] else { return nil }
            return PriceChange(
                model: price.model, tier: price.tier, aboveTokens: price.aboveTokens, meter: meter, old: old?[meter],
                new: price.rates[meter])
        }
    }

    /// The changes that need a second look.
    public var jumps: [PriceChange] { changes.filter(\.isJump) }
}
