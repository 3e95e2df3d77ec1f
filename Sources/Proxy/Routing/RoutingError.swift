/// Why a change of pools, backends or models was refused.
public enum RoutingError: Error, Sendable, Equatable {
    /// No such row.
    case notFound
    /// Another row has that name.
    case nameTaken
    /// Something refers to the row.
    case inUse
    /// A target names a pool that does not exist.
    case unknownPool(String)
}
