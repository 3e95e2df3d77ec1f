/// Everything a download of a month names besides its ledger entries.
///
/// Of an open month they are what the tables say now; of a closed one they are what its close froze, so that no later
/// rename, tag, price or version of Tollgate changes a byte. A name that is missing (a backend that was removed before
/// the close) stands as its id.
public struct PeriodFacts: Sendable, Equatable {
    /// The writers of this version of Tollgate.
    public static let currentFormatVersion: Int64 = 1

    /// The month; its `seal` has the closing instant, the chain's head and the manifest before it.
    public let period: Period
    /// Which version of the writers makes its files.
    public let formatVersion: Int64
    /// The version of Tollgate: the one that closed it, or the one that runs.
    public let softwareVersion: String
    /// Who bills.
    public let party: BillingParty
    /// By id.
    public let tenants: [String: TenantFact]
    /// By id.
    public let keys: [String: KeyFact]
    /// By id.
    public let backends: [String: BackendFact]
    /// By name.
    public let models: [String: ModelFact]
    /// By id: what the entries were priced by, and the upstream prices that applied to them.
    public let prices: [String: PriceFact]
    /// Credits recorded in the month, oldest first.
    public let credits: [CreditFact]
    /// By the request id of the entry.
    public let corrections: [String: CorrectionFact]
    /// Holds of the month that nobody knows the end of, oldest first.
    public let uncertainHolds: [HoldFact]
    /// Of the month that was closed before; nil for the first one.
    public let previousManifestSHA256: String?
    /// What tenants drew from money paid ahead, by id; of a closed month only.
    var draws: [String: Money] = [:]
}
