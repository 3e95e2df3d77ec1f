/// `billing.*` of the configuration.
public struct BillingSettings: Sendable, Equatable {
    /// Who bills whom.
    public var party = BillingParty()
    /// Milliseconds a month stays open to its last entries after somebody asked to close it.
    public var closeGraceMS: Int64 = 86_400_000

    /// The defaults: a day of grace.
    public init() {}
}
