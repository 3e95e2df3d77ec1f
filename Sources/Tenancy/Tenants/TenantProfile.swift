/// A tenant with all that admission needs to know of it; replaced as a whole on every change.
public final class TenantProfile: Sendable {
    /// The tenant as stored.
    public let tenant: Tenant
    /// The pools it may use.
    public let entitlements: [Entitlement]
    /// Its own ceilings, beside those of its keys.
    public let quota: Quota

    /// A profile as read from the database in one transaction.
    public init(tenant: Tenant, entitlements: [Entitlement] = [], quota: Quota = .none) {
        self.tenant = tenant
        self.entitlements = entitlements
        self.quota = quota
    }

    /// Whether the tenant may use the model in the pool.
    public func isEntitled(pool: String, model: String) -> Bool {
        entitlements.contains { $0.pool == pool && $0.covers(model: model) }
    }
}
