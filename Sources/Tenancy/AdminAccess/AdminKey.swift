/// A credential of an operator for the Admin API.
public struct AdminKey: Revocable, Sendable, Equatable {
    /// `adm_…`: the audit log names it.
    public var id: ID<AdminKey>
    /// The public part of its text, safe to show.
    public var publicID: String
    /// Chosen by the operator.
    public var name: String
    /// What it may do.
    public var role: AdminRole
    /// The argon2id hash of the whole key text as a PHC string.
    public var phc: String
    /// When the key was made.
    public var createdAt: Timestamp
    /// From this instant on the key admits nobody.
    public var expiresAt: Timestamp?
    /// When the key was revoked.
    public var revokedAt: Timestamp?
    /// About when it was last used; nil if it never was.
    public var lastUsedAt: Timestamp?

    /// A key that never expires unless told so.
    public init(
        id: ID<AdminKey>,
        publicID: String,
        name: String,
        role: AdminRole,
        phc: String,
        createdAt: Timestamp,
        expiresAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.publicID = publicID
        self.name = name
        self.role = role
        self.phc = phc
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }
}
