public import GRDB

/// Admin keys.
extension TenancyStore {
    private static let adminKeyColumns =
        "id, public_id, name, role, phc, created_at, expires_at, revoked_at, last_used_at"

    /// Adds an admin key; `duplicate` if its id or public id exists.
    public static func insert(_ database: Database, adminKey key: AdminKey) throws {
        do {
            try change(
                database,
                """
                INSERT INTO admin_keys (\(adminKeyColumns))
                VALUES (:id, :public, :name, :role, :phc, :created, :expires, :revoked, :used)
                """,
                [
                    "id": key.id.text, "public": key.publicID, "name": key.name, "role": key.role.rawValue,
                    "phc": key.phc, "created": key.createdAt.microseconds, "expires": key.expiresAt?.microseconds,
                    "revoked": key.revokedAt?.microseconds, "used": key.lastUsedAt?.microseconds,
                ])
        } catch TenancyError.nameTaken {
            throw TenancyError.duplicate
        }
    }

    /// Revokes the admin key for ever; `notFound` if it is revoked already.
    public static func revoke(_ database: Database, adminKey: ID<AdminKey>, at instant: Timestamp) throws {
        try change(
            database, "UPDATE admin_keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL",
            ["id": adminKey.text, "at": instant.microseconds])
    }

    /// Stores when an admin key was used.
    public static func noteUse(_ database: Database, adminKey: ID<AdminKey>, at instant: Timestamp) throws {
        try change(
            database, "UPDATE admin_keys SET last_used_at = max(ifnull(last_used_at, 0), :at) WHERE id = :id",
            ["id": adminKey.text, "at": instant.microseconds])
    }

    /// Stores the hash of the same secret at another cost.
    public static func replacePHC(_ database: Database, adminPublicID: String, phc: String) throws {
        try change(
            database, "UPDATE admin_keys SET phc = :phc WHERE public_id = :id", ["id": adminPublicID, "phc": phc])
    }

    /// The admin key, revoked or not.
    public static func adminKey(_ database: Database, _ id: ID<AdminKey>) throws -> AdminKey? {
        try fetch(database, "SELECT \(adminKeyColumns) FROM admin_keys WHERE id = ?", [id.text], adminKey(from:)).first
    }

    /// Whether a key of the role admin that may be used at the instant is there.
    public static func hasAdmin(_ database: Database, at instant: Timestamp) throws -> Bool {
        let sql = """
            SELECT \(adminKeyColumns) FROM admin_keys
            WHERE role = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) LIMIT 1
            """
        return try !fetch(database, sql, [AdminRole.admin.rawValue, instant.microseconds], adminKey(from:)).isEmpty
    }

    /// A page of the admin keys that are not revoked, in order of id, starting after the given id.
    public static func adminKeys(_ database: Database, after: String? = nil, limit: Int) throws -> [AdminKey] {
        let sql = """
            SELECT \(adminKeyColumns) FROM admin_keys WHERE id > ? AND revoked_at IS NULL ORDER BY id LIMIT ?
            """
        return try fetch(database, sql, [after ?? "", max(0, limit)], adminKey(from:))
    }

    /// A key whose role cannot be read is as one that is revoked: it opens nothing, and keeps nobody from starting.
    private static func adminKey(from row: Row) -> AdminKey {
        let role = AdminRole(rawValue: row[3])
        let createdAt = Timestamp(microseconds: row[5])
        return AdminKey(
            id: ID(row[0]), publicID: row[1], name: row[2], role: role ?? .viewer, phc: row[4],
            createdAt: createdAt, expiresAt: instant(row[6]),
            revokedAt: instant(row[7]) ?? (role == nil ? createdAt : nil), lastUsedAt: instant(row[8]))
    }
}
