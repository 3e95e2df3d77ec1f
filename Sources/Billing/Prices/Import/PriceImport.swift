public import Tenancy

/// An import: what its source was and what was asked of it, for ever. Its versions are published by parts.
public struct PriceImport: Sendable, Equatable {
    /// What one transaction of an import published.
    public struct Part: Sendable, Equatable {
        /// From 1.
        public let number: Int
        /// How many versions.
        public let published: Int
        /// Whether the import is complete with it.
        public let isLast: Bool

        /// A part to be recorded.
        public init(number: Int, published: Int, isLast: Bool) {
            self.number = number
            self.published = published
            self.isLast = isLast
        }
    }

    /// An import that stopped between two parts.
    public struct Unfinished: Sendable, Equatable {
        /// `imp_…`
        public let id: ID<PriceImport>
        /// From when on its prices apply.
        public let effectiveFrom: Timestamp
        /// How many versions it was to publish.
        public let planned: Int
        /// How many it did.
        public let published: Int
        /// By so many parts.
        public let parts: Int
    }

    /// `imp_…`
    public let id: ID<PriceImport>
    /// The kind of list.
    public let format: String
    /// Of the list as it was given, 64 hexadecimal digits.
    public let sha256: String
    /// Who pays the prices.
    public let kind: PriceKind
    /// What else was asked for: the same list with the same words is the same import.
    public let wish: String
    /// From when on they apply.
    public let effectiveFrom: Timestamp
    /// How many versions it is to publish.
    public let planned: Int
    /// When it began.
    public let createdAt: Timestamp
    /// Who made it, as the audit log names it.
    public let createdBy: String

    /// An import to be recorded.
    public init(
        id: ID<PriceImport>,
        format: String,
        sha256: String,
        kind: PriceKind,
        wish: String,
        effectiveFrom: Timestamp,
        planned: Int,
        createdAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.format = format
        self.sha256 = sha256
        self.kind = kind
        self.wish = wish
        self.effectiveFrom = effectiveFrom
        self.planned = planned
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
}
