public import Tenancy

/// A provider's bill set against the ledger, as it was on that day.
public struct Reconciliation: Sendable, Equatable {
    /// `rec_…`
    public let id: ID<Reconciliation>
    /// Whose bill: `openai`, `anthropic` or `csv`.
    public let provider: String
    /// The backend it is for; nil: all of the provider's kind.
    public let backendID: String?
    /// Of the bill as it was given, 64 hexadecimal digits.
    public let sha256: String
    /// When.
    public let createdAt: Timestamp
    /// Who asked, as the audit log names it.
    public let createdBy: String
    /// In order of day and model.
    public let lines: [ReconciliationLine]

    /// A reconciliation to be stored.
    public init(
        id: ID<Reconciliation>,
        provider: String,
        backendID: String?,
        sha256: String,
        createdAt: Timestamp,
        createdBy: String,
        lines: [ReconciliationLine]
    ) {
        self.id = id
        self.provider = provider
        self.backendID = backendID
        self.sha256 = sha256
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.lines = lines
    }
}
