/// A customer that owns keys and pays.
public struct Tenant: Sendable, Equatable {
    /// `ten_…`
    public var id: ID<Tenant>
    /// Unique among tenants that are not archived.
    public var name: String
    /// IANA name of the zone in which the tenant's days, weeks and months begin.
    public var timeZone: String
    /// Free labels for reports.
    public var tags: [String: String]
    /// Factor on every price in parts per million; 1,000,000 is the list price.
    public var priceMultiplierPPM: Int64
    /// The factors a tenant may have: none to a thousandfold.
    public static let multipliersPPM: ClosedRange<Int64> = 0...1_000_000_000
    /// What to do when a hold does not fit.
    public var onInsufficient: OnInsufficient
    /// Output tokens below which trimming turns into a refusal.
    public var trimFloor: Int64
    /// Milliseconds a request may wait for live holds; 0 refuses at once.
    public var holdWaitMS: Int64
    /// Seconds after which an uncertain hold is released by itself; nil never does.
    public var uncertainReleaseAfterSeconds: Int64?
    /// A suspended tenant's requests are refused.
    public var suspended: Bool
    /// When the tenant was made.
    public var createdAt: Timestamp
    /// When the tenant was deleted; its history stays.
    public var archivedAt: Timestamp?

    /// A tenant with the documented defaults.
    public init(
        id: ID<Tenant>,
        name: String,
        timeZone: String = "UTC",
        tags: [String: String] = [:],
        priceMultiplierPPM: Int64 = 1_000_000,
        onInsufficient: OnInsufficient = .refuse,
        trimFloor: Int64 = 16,
        holdWaitMS: Int64 = 2000,
        uncertainReleaseAfterSeconds: Int64? = nil,
        suspended: Bool = false,
        createdAt: Timestamp,
        archivedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.timeZone = timeZone
        self.tags = tags
        self.priceMultiplierPPM = priceMultiplierPPM
        self.onInsufficient = onInsufficient
        self.trimFloor = trimFloor
        self.holdWaitMS = holdWaitMS
        self.uncertainReleaseAfterSeconds = uncertainReleaseAfterSeconds
        self.suspended = suspended
        self.createdAt = createdAt
        self.archivedAt = archivedAt
    }
}
