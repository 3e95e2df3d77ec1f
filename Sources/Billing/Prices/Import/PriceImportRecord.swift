/// An import as it is kept, and how far it came.
public struct PriceImportRecord: Sendable, Equatable {
    /// Its source and what was asked of it.
    public let made: PriceImport
    /// How many versions its parts published.
    public let published: Int
    /// Whether its last part is there.
    public let isComplete: Bool
}
