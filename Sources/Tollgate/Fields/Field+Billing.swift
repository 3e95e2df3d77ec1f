import Billing

/// Prices and budgets.
extension Field {
    static let price: [Field] = [Field("tenant_id", .text, nullable: true)] + priceOfAll

    /// A price as state files write it: a tenant by its name.
    static let statePrice: [Field] = [Field("tenant", .name)] + priceOfAll

    private static let priceOfAll: [Field] =
        [
            Field("model", .name, required: true),
            Field("kind", choice(of: PriceKind.self)),
            Field("backend_id", .text, nullable: true),
            Field("tier", .name, nullable: true),
            Field("above_tokens", .whole(1...TokenUsage.lineMaximum), nullable: true),
            Field("effective_from", .instant, required: true),
        ] + prices

    /// The numbers of a price; null for tokens says that only units are charged.
    static let prices: [Field] = [
        Field("per_million", .object(perMillion), required: true, nullable: true),
        Field("per_unit", .object(perUnit)),
    ]

    /// A tenant's budget as state files write it, without the tenant.
    static let tenantBudget: [Field] = [
        Field("model", .name, nullable: true),
        Field("pool", .name, nullable: true),
        Field("limit", .money(fractionDigits: 12), required: true),
        Field("window", choice(of: BudgetWindow.Kind.self), required: true),
        Field("mode", choice(of: BudgetMode.self)),
        Field("alerts_at", .decimals),
    ]

    static let budget: [Field] =
        [Field("tenant_id", .text, required: true), Field("key_id", .text, nullable: true)] + tenantBudget

    private static let perMillion: [Field] = Meter.allTokens.map {
        Field($0.rawValue, .money(fractionDigits: 6), required: $0.parent == nil)
    }

    private static let perUnit: [Field] = Meter.allUnits.map { Field($0.rawValue, .money(fractionDigits: 12)) }
}
