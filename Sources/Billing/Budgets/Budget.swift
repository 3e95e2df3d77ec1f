public import Tenancy

/// A spend cap as the operator sets it; it matches the requests that have every scope it names.
public struct Budget: Sendable, Equatable {
    /// `bud_…`
    public var id: ID<Budget>
    /// Whose spend it limits.
    public var tenantID: ID<Tenant>
    /// Only this key's; nil: all keys.
    public var keyID: ID<APIKey>?
    /// Only this model's; nil: all models.
    public var model: String?
    /// Only this pool's; nil: all pools.
    public var pool: String?
    /// The cap of each window.
    public var limit: Money
    /// The calendar span it counts over, in the tenant's zone.
    public var window: BudgetWindow.Kind
    /// What happens at the cap.
    public var mode: BudgetMode
    /// Fractions of the limit that alert, as decimal strings, e.g. `0.8`.
    public var alertsAt: [String]
    /// Amounts that alert whatever the limit is, in rising order.
    public var alertAmounts: [Money]
    /// When it was made.
    public var createdAt: Timestamp

    /// A budget; without scopes it covers all a tenant spends.
    public init(
        id: ID<Budget>,
        tenantID: ID<Tenant>,
        keyID: ID<APIKey>? = nil,
        model: String? = nil,
        pool: String? = nil,
        limit: Money,
        window: BudgetWindow.Kind,
        mode: BudgetMode = .hard,
        alertsAt: [String] = [],
        alertAmounts: [Money] = [],
        createdAt: Timestamp
    ) {
        self.id = id
        self.tenantID = tenantID
        self.keyID = keyID
        self.model = model
        self.pool = pool
        self.limit = limit
        self.window = window
        self.mode = mode
        self.alertsAt = alertsAt
        self.alertAmounts = alertAmounts
        self.createdAt = createdAt
    }

    /// Whether a request of the budget's tenant with these scopes counts.
    public func matches(keyID: ID<APIKey>?, model: String?, pool: String?) -> Bool {
        (self.keyID == nil || self.keyID == keyID) && (self.model == nil || self.model == model)
            && (self.pool == nil || self.pool == pool)
    }

    /// Whether both count the same requests over the same spans, so that one's account serves the other.
    func countsLike(_ other: Budget) -> Bool {
        tenantID == other.tenantID && keyID == other.keyID && model == other.model && pool == other.pool
            && window == other.window
    }
}
