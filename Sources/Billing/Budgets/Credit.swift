public import Tenancy

/// Money a tenant paid ahead or was granted, recorded for ever. It moves neither a cap nor the ledger.
public struct Credit: Sendable, Equatable {
    /// Why a tenant has it.
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// The tenant paid it.
        case prepaid
        /// The operator gave it.
        case goodwill
    }

    /// `crd_…`
    public let id: ID<Credit>
    /// Whose it is.
    public let tenantID: ID<Tenant>
    /// Above zero.
    public let amount: Money
    /// Why.
    public let kind: Kind
    /// What the operator wrote beside it, e.g. an invoice number.
    public let note: String?
    /// When it was recorded.
    public let createdAt: Timestamp
    /// Who recorded it, as the audit log names it.
    public let createdBy: String

    /// A credit to be recorded.
    public init(
        id: ID<Credit>,
        tenantID: ID<Tenant>,
        amount: Money,
        kind: Kind,
        note: String?,
        createdAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.tenantID = tenantID
        self.amount = amount
        self.kind = kind
        self.note = note
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
    /// The same, counted at another instant.
    func counted(at instant: Timestamp) -> Credit {
        Credit(
            id: id, tenantID: tenantID, amount: amount, kind: kind, note: note, createdAt: instant,
            createdBy: createdBy)
    }
}
