public import Tenancy

/// What the facts of an open month are read from beside the tables of tenants and billing.
public struct PeriodSources: Sendable {
    /// Who bills.
    public let party: BillingParty
    /// The version of Tollgate that runs.
    public let softwareVersion: String
    /// Backends and models as of the transaction.
    public var routing: @Sendable (TenancyStore.Transaction) throws -> RoutingFacts

    /// The sources of a process.
    public init(
        party: BillingParty,
        softwareVersion: String,
        routing: @escaping @Sendable (TenancyStore.Transaction) throws -> RoutingFacts
    ) {
        self.party = party
        self.softwareVersion = softwareVersion
        self.routing = routing
    }
}
