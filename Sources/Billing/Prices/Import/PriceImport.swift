public import Tenancy

/// An import that was made: what its source was, for ever.
public struct PriceImport: Sendable, Equatable {
    /// `imp_…`
    public let id: ID<PriceImport>
    /// The kind of list.
    public let format: String
    /// Of the list as it was given, 64 hexadecimal digits.
    public let sha256: String
    /// Who pays the prices.
    public let kind: PriceKind
    /// From when on they apply.
    public let effectiveFrom: Timestamp
    /// How many versions it published.
    public let published: Int
    /// When.
    public let createdAt: Timestamp
    /// Who made it, as the audit log names it.
    public let createdBy: String

    /// An import to be recorded.
    public init(
        id: ID<PriceImport>,
        format: String,
        sha256: String,
        kind: PriceKind,
        effectiveFrom: Timestamp,
        published: Int,
        createdAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.format = format
        self.sha256 = sha256
        self.kind = kind
        self.effectiveFrom = effectiveFrom
        self.published = published
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
}
