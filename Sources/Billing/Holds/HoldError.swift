/// Why a hold cannot be resolved.
public enum HoldError: Error, Sendable, Equatable {
    /// There is no uncertain hold of this name; perhaps its call is still live.
    case notFound
}
