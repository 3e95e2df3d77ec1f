public import Tenancy

/// A hold as it is listed and stored.
public struct StoredHold: Sendable, Equatable {
    /// Request and attempt.
    public let id: HoldID
    /// The tenant that pays.
    public let tenantID: ID<Tenant>
    /// The key that was presented.
    public let keyID: ID<APIKey>
    /// The model asked for.
    public let model: String
    /// The pool that was tried.
    public let pool: String
    /// The backend, when it was known.
    public let backendID: String
    /// What is held.
    public let amount: Money
    /// The instant that decides its windows and period.
    public let admittedAt: Timestamp
    /// Left by a process that died; else the call is live.
    public let isUncertain: Bool
    /// The price pinned for it.
    public let priceVersion: String?
    /// The tenant's multiplier at admission, in parts per million.
    public let multiplierPPM: Int64

    /// The same, counted at another instant.
    func counted(at instant: Timestamp) -> StoredHold {
        StoredHold(
            id: id, tenantID: tenantID, keyID: keyID, model: model, pool: pool, backendID: backendID, amount: amount,
            admittedAt: instant, isUncertain: isUncertain, priceVersion: priceVersion, multiplierPPM: multiplierPPM)
    }
}
