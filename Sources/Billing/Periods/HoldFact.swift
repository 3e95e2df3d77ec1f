public import Tenancy

/// A hold of a call nobody knows the end of: not in the month's sums, charged later as a correction if at all.
public struct HoldFact: Codable, Sendable, Equatable {
    /// `req_….1`
    public let id: String
    /// `ten_…`
    public let tenantID: String
    /// `key_…`
    public let keyID: String
    /// The model asked for.
    public let model: String
    /// The pool tried.
    public let pool: String
    /// What is held, in USD.
    public let amount: String
    /// When the call was admitted.
    public let admittedAt: Timestamp

    /// A hold as stored.
    public init(_ hold: StoredHold) {
        id = "\(hold.id)"
        tenantID = hold.tenantID.text
        keyID = hold.keyID.text
        model = hold.model
        pool = hold.pool
        amount = hold.amount.decimal
        admittedAt = hold.admittedAt
    }
}
