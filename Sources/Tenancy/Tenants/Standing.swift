/// What a principal may do right now.
public enum Standing: Sendable {
    /// Still good, with the profiles as they are now.
    case good(Principal)
    /// The key or its tenant is gone, revoked or expired.
    case refused
    /// The tenant is suspended.
    case suspended
}
