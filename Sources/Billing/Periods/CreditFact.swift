public import Tenancy

/// A credit recorded in the month.
public struct CreditFact: Codable, Sendable, Equatable {
    /// `crd_…`
    public let id: String
    /// `ten_…`
    public let tenantID: String
    /// In USD, above zero.
    public let amount: Money
    /// What it is for.
    public let kind: Credit.Kind
    /// What the operator wrote beside it.
    public let note: String?
    /// When it was recorded.
    public let createdAt: Timestamp

    /// A credit as stored.
    public init(_ credit: Credit) {
        id = credit.id.text
        tenantID = credit.tenantID.text
        amount = credit.amount
        kind = credit.kind
        note = credit.note
        createdAt = credit.createdAt
    }
}
