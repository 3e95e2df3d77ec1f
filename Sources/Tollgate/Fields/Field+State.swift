/// The state file of `apply`.
extension Field {
    static let state: [Field] = [
        Field("pools", .objects(pool + [Field("backends", .objects(backend))])),
        Field("models", .objects(model)),
        Field("prices", .objects(statePrice)),
        Field(
            "tenants",
            .objects(
                tenant + [
                    Field("entitlements", .objects(entitlement)),
                    Field("quotas", .object(quota)),
                    Field("budgets", .objects(tenantBudget)),
                ])),
    ]
}
