/// A credential that ends when it is revoked, or by itself at an instant.
public protocol Revocable {
    /// From this instant on it admits nobody; nil: never by itself.
    var expiresAt: Timestamp? { get }
    /// When it was revoked.
    var revokedAt: Timestamp? { get }
}

extension Revocable {
    /// Whether it may be used at the instant.
    public func isUsable(at instant: Timestamp) -> Bool {
        if revokedAt != nil { return false }
        guard let expiresAt else { return true }
        return instant < expiresAt
    }
}
