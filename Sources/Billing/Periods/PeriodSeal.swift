public import Tenancy

/// What a close wrote down about a month, for ever.
public struct PeriodSeal: Sendable, Equatable {
    /// The instant of the close; documents of the month carry it as their date.
    public let closedAt: Timestamp
    /// Which version of the writers makes this month's files, whatever later versions can do.
    public let formatVersion: Int64
    /// The version of Tollgate that closed it.
    public let softwareVersion: String
    /// How many ledger entries it has.
    public let entries: Int64
    /// The sequence of the last of them; 0 for a month without any.
    public let lastSequence: Int64
    /// What they cost together.
    public let cost: Money
    /// The end of the SHA-256 chain over them, 64 hexadecimal digits.
    public let chainHead: String
    /// Of the facts frozen with them, 64 hexadecimal digits.
    public let factsSHA256: String
    /// Of the canonical manifest, 64 hexadecimal digits.
    public let manifestSHA256: String
    /// Of the month closed before this one; nil for the first one closed.
    public let previousManifestSHA256: String?
    /// From 1, in the order of closing.
    public let number: Int64
}
