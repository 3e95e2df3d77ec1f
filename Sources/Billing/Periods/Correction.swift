public import Tenancy

/// A later change to a closed month: an entry of the open one. It is the operator's act, so no cap refuses it.
public struct Correction: Sendable, Equatable {
    /// `cor_…`, the request id of its entry.
    public let id: ID<Correction>
    /// The closed month.
    public let correctsPeriod: BillingPeriod
    /// Who is charged or credited.
    public let tenantID: ID<Tenant>
    /// The key it is about; nil: none.
    public let keyID: ID<APIKey>?
    /// The model it is about; empty: none.
    public let model: String
    /// The pool it is about; empty: none.
    public let pool: String
    /// Below zero gives money back.
    public let amount: Money
    /// Why.
    public let reason: String
    /// When it was booked: it counts in the windows and the month of this instant.
    public let createdAt: Timestamp
    /// Who made it, as the audit log names it.
    public let createdBy: String

    /// A correction to be booked.
    public init(
        id: ID<Correction>,
        correctsPeriod: BillingPeriod,
        tenantID: ID<Tenant>,
        keyID: ID<APIKey>? = nil,
        model: String = "",
        pool: String = "",
        amount: Money,
        reason: String,
        createdAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.correctsPeriod = correctsPeriod
        self.tenantID = tenantID
        self.keyID = keyID
        self.model = model
        self.pool = pool
        self.amount = amount
        self.reason = reason
        self.createdAt = createdAt
        self.createdBy = createdBy
    }

    /// The same, counted at another instant.
    func counted(at instant: Timestamp) -> Correction {
        Correction(
            id: id, correctsPeriod: correctsPeriod, tenantID: tenantID, keyID: keyID, model: model, pool: pool,
            amount: amount, reason: reason, createdAt: instant, createdBy: createdBy)
    }
}
