import Tenancy

extension AdminKey {
    /// What the key's tag names. Without its last use: the gate notes one with every call, that of a key which deletes
    /// itself included.
    var state: JSONValue { json(lastUsedAt: nil) }

    /// The key as the API shows it, never a secret; the use is told apart because it is stored lazily.
    func json(lastUsedAt: Timestamp?) -> JSONValue {
        [
            "id": .string(id.text),
            "public_id": .string(publicID),
            "name": .string(name),
            "role": .string(role.rawValue),
            "created_at": .string(createdAt.rfc3339),
            "expires_at": .text(expiresAt?.rfc3339),
            "revoked_at": .text(revokedAt?.rfc3339),
            "last_used_at": .text(lastUsedAt?.rfc3339),
        ]
    }
}
