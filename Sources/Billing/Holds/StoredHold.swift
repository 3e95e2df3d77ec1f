public import Tenancy

/// A hold as it is listed and stored; an object, because the lines of its attempt all refer to it.
public final class StoredHold: Sendable {
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

    init(
        id: HoldID, tenantID: ID<Tenant>, keyID: ID<APIKey>, model: String, pool: String, backendID: String,
        amount: Money, admittedAt: Timestamp, isUncertain: Bool, priceVersion: String?, multiplierPPM: Int64
    ) {
        self.id = id
        self.tenantID = tenantID
        self.keyID = keyID
        self.model = model
        self.pool = pool
        self.backendID = backendID
        self.amount = amount
        self.admittedAt = admittedAt
        self.isUncertain = isUncertain
        self.priceVersion = priceVersion
        self.multiplierPPM = multiplierPPM
    }

    /// The same, counted at another instant.
    func counted(at instant: Timestamp) -> StoredHold {
        StoredHold(
            id: id, tenantID: tenantID, keyID: keyID, model: model, pool: pool, backendID: backendID, amount: amount,
            admittedAt: instant, isUncertain: isUncertain, priceVersion: priceVersion, multiplierPPM: multiplierPPM)
    }
}

extension StoredHold: Equatable {
    /// Whether all figures are the same.
    public static func == (left: StoredHold, right: StoredHold) -> Bool {
        left.id == right.id && left.tenantID == right.tenantID && left.keyID == right.keyID
            && left.model == right.model && left.pool == right.pool && left.backendID == right.backendID
            && left.amount == right.amount && left.admittedAt == right.admittedAt
            && left.isUncertain == right.isUncertain && left.priceVersion == right.priceVersion
            && left.multiplierPPM == right.multiplierPPM
    }
}
