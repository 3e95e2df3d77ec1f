/// A credential of a tenant; its secrets are kept apart so that rotating does not change who it is.
public struct APIKey: Revocable, Sendable, Equatable {
    /// `key_…`: budgets, quotas and usage refer to it.
    public var id: ID<APIKey>
    /// The tenant that pays for its requests.
    public var tenantID: ID<Tenant>
    /// Public part of the newest secret, safe to show.
    public var publicID: String
    /// Chosen by the operator.
    public var name: String
    /// When the key was made.
    public var createdAt: Timestamp
    /// From this instant on the key admits nothing.
    public var expiresAt: Timestamp?
    /// When the key was revoked.
    public var revokedAt: Timestamp?
    /// The only models it may ask for; nil allows all its tenant may use.
    public var models: [String]?
    /// Address ranges in CIDR notation it may be used from; empty allows any.
    public var allowedIPs: [String]
    /// Free labels for reports.
    public var tags: [String: String]
    /// What it may see beyond its own use, e.g. `tenant_usage`.
    public var scope: String?

    /// A key that never expires and is bound to no model or address unless told so.
    public init(
        id: ID<APIKey>,
        tenantID: ID<Tenant>,
        publicID: String,
        name: String,
        createdAt: Timestamp,
        expiresAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil,
        models: [String]? = nil,
        allowedIPs: [String] = [],
        tags: [String: String] = [:],
        scope: String? = nil
    ) {
        self.id = id
        self.tenantID = tenantID
        self.publicID = publicID
        self.name = name
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.models = models
        self.allowedIPs = allowedIPs
        self.tags = tags
        self.scope = scope
    }

    /// Whether the key itself allows the model; the tenant's entitlements apply besides.
    public func covers(model: String) -> Bool {
        guard let models else { return true }
        return models.contains { $0 == model || $0 == "*" }
    }
}
