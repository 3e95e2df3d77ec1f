import Tenancy

/// Why an entry of the month corrects a closed one.
public struct CorrectionFact: Codable, Sendable, Equatable {
    /// `cor_…`, the request id of its entry.
    public let id: String
    /// Who was charged or credited; nil: closed by a version that did not freeze it.
    public let tenantID: String?
    /// The key it is about, if it is about one.
    public let keyID: String?
    /// USD, below zero for a credit; nil like the tenant.
    public let amount: String?
    /// The closed month it corrects, `2026-10`.
    public let correctsPeriod: String
    /// What the operator wrote.
    public let reason: String
    /// Who made it, as the audit log names it.
    public let createdBy: String

    /// A correction as stored.
    public init(_ correction: Correction) {
        id = correction.id.text
        tenantID = correction.tenantID.text
        keyID = correction.keyID?.text
        amount = correction.amount.decimal
        correctsPeriod = correction.correctsPeriod.text
        reason = correction.reason
        createdBy = correction.createdBy
    }
}
