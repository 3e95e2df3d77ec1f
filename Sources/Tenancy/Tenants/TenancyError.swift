/// Why a change to tenants, keys or quotas was not made.
public enum TenancyError: Error, Sendable, Equatable {
    /// There is no such tenant, key or secret, or it is archived or revoked.
    case notFound
    /// Another tenant has that name.
    case nameTaken
    /// That id or public id exists already.
    case duplicate
    /// A value the schema does not allow.
    case invalid
    /// What is stored cannot be read back.
    case damaged(String)
}
