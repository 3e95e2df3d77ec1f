public import Tenancy

/// How an attempt ended and what it costs.
public struct Settlement: Sendable {
    /// The money held for it.
    public var reservation: Reservation
    /// The backend that was tried.
    public var backendID: String
    /// Its name, for reports.
    public var backendName: String
    /// What was used.
    public var usage: TokenUsage
    /// Where the usage comes from.
    public var provenance: Provenance
    /// What the tenant pays; capped at `Money.lineMaximum`.
    public var cost: Money
    /// The same at list price.
    public var listCost: Money
    /// What the provider charges, when that is known.
    public var upstreamCost: Money?
    /// The price version that said so; nil: the one pinned at admission.
    public var priceVersion: String?
    /// How the attempt ended.
    public var outcome: AttemptOutcome
    /// The backend's HTTP status; 0 when there was none.
    public var status: Int
    /// When the attempt ended.
    public var endedAt: Timestamp
    /// Whether the answer was a stream.
    public var stream: Bool
    /// Whether emergency passthrough let the attempt through.
    public var isEmergency = false

    /// The end of an attempt; without figures it costs nothing and the hold is released.
    public init(
        reservation: Reservation,
        backendID: String = "",
        backendName: String = "",
        usage: TokenUsage = .zero,
        provenance: Provenance = .none,
        cost: Money = .zero,
        listCost: Money = .zero,
        upstreamCost: Money? = nil,
        outcome: AttemptOutcome,
        status: Int = 0,
        endedAt: Timestamp,
        stream: Bool = false
    ) {
        self.reservation = reservation
        self.backendID = backendID
        self.backendName = backendName
        self.usage = usage
        self.provenance = provenance
        self.cost = cost
        self.listCost = listCost
        self.upstreamCost = upstreamCost
        self.outcome = outcome
        self.status = status
        self.endedAt = endedAt
        self.stream = stream
    }
}
