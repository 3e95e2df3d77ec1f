/// Whose quota it is.
public enum QuotaSubject: String, Sendable {
    /// The tenant's, shared by its keys.
    case tenant
    /// The key's own.
    case key
}
