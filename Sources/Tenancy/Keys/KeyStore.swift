public import GRDB

/// Keys and their secrets.
extension TenancyStore {
    /// The newest secret's public id comes along as the key's own.
    private static let keyColumns = """
        id, tenant_id, name, created_at, expires_at, revoked_at, models, allowed_ips, tags, scope,
        (SELECT public_id FROM key_secrets WHERE key_id = api_keys.id ORDER BY seq DESC LIMIT 1)
        """

    /// Adds a key with its first secret; `notFound` unless its tenant is there and not archived.
    public static func insert(_ database: Database, key: APIKey, secret: KeySecretRecord) throws {
        try requireActive(database, tenant: key.tenantID)
        var arguments = try arguments(of: key)
        arguments["tenant"] = key.tenantID.text
        arguments["created"] = key.createdAt.microseconds
        arguments.updateValue(key.revokedAt?.microseconds, forKey: "revoked")
        try change(
            database,
            """
            INSERT INTO api_keys
            (id, tenant_id, name, created_at, expires_at, revoked_at, models, allowed_ips, tags, scope)
            VALUES (:id, :tenant, :name, :created, :expires, :revoked, :models, :ips, :tags, :scope)
            """,
            arguments)
        try insertSecret(database, secret)
    }

    /// Stores every field that may change; `notFound` once the key is revoked.
    public static func update(_ database: Database, key: APIKey) throws {
        try change(
            database,
            """
            UPDATE api_keys SET name = :name, expires_at = :expires, models = :models, allowed_ips = :ips,
                tags = :tags, scope = :scope
            WHERE id = :id AND revoked_at IS NULL
            """,
            try arguments(of: key))
    }

    /// Revokes the key for ever; `notFound` if it is revoked already.
    public static func revoke(_ database: Database, key: ID<APIKey>, at instant: Timestamp) throws {
        try change(
            database, "UPDATE api_keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL",
            ["id": key.text, "at": instant.microseconds])
    }

    /// Rotates: adds a secret and lets all older ones of the key end at `retireOthersAt`, or sooner if they do.
    public static func addSecret(
        _ database: Database,
        _ secret: KeySecretRecord,
        retireOthersAt instant: Timestamp
    ) throws {
        guard let key = try key(database, secret.keyID), key.revokedAt == nil else { throw TenancyError.notFound }
        try change(
            database,
            "UPDATE key_secrets SET not_after = min(ifnull(not_after, :at), :at) WHERE key_id = :key",
            ["key": secret.keyID.text, "at": instant.microseconds], expectingOne: false)
        try insertSecret(database, secret)
    }

    /// Stores the hash of the same secret at another cost, and says whose key it is.
    @discardableResult
    public static func replacePHC(_ database: Database, publicID: String, phc: String) throws -> ID<APIKey> {
        try change(
            database, "UPDATE key_secrets SET phc = :phc WHERE public_id = :id", ["id": publicID, "phc": phc])
        let sql = "SELECT key_id FROM key_secrets WHERE public_id = ?"
        guard let key = try fetch(database, sql, [publicID], { $0[0] as String }).first else {
            throw TenancyError.notFound
        }
        return ID(key)
    }

    /// The key, revoked or not.
    public static func key(_ database: Database, _ id: ID<APIKey>) throws -> APIKey? {
        try fetch(database, "SELECT \(keyColumns) FROM api_keys WHERE id = ?", [id.text], key(from:)).first
    }

    /// A page of the tenant's keys that are not revoked, in order of id, starting after the given id.
    public static func keys(
        _ database: Database,
        tenant: ID<Tenant>,
        after: String? = nil,
        limit: Int
    ) throws -> [APIKey] {
        let sql = """
            SELECT \(keyColumns) FROM api_keys WHERE tenant_id = ? AND id > ? AND revoked_at IS NULL
            ORDER BY id LIMIT ?
            """
        return try fetch(database, sql, [tenant.text, after ?? "", max(0, limit)], key(from:))
    }

    /// The key with all that authentication and admission need; nil if there is none.
    public static func keyProfile(_ database: Database, _ id: ID<APIKey>) throws -> KeyProfile? {
        guard let key = try key(database, id) else { return nil }
        let sql = "SELECT key_id, public_id, phc, not_after FROM key_secrets WHERE key_id = ? ORDER BY seq DESC"
        return KeyProfile(
            key: key,
            secrets: try fetch(database, sql, [id.text], secret(from:)),
            quota: try quota(database, key: id)
        )
    }

    /// Every key that is not revoked; one whose row is odd is left out, and so refused like any unknown key.
    public static func allKeys(_ database: Database) throws -> [KeyProfile] {
        let secrets = try grouped(
            database, "SELECT key_id, public_id, phc, not_after FROM key_secrets ORDER BY seq DESC", secret(from:))
        let quotas = try quotas(database, table: "key_quotas", owner: "key_id")
        let sql = "SELECT \(keyColumns) FROM api_keys WHERE revoked_at IS NULL ORDER BY id"
        return try fetch(database, sql, [], { try? key(from: $0) }).compactMap { key in
            guard let key else { return nil }
            return KeyProfile(key: key, secrets: secrets[key.id.text] ?? [], quota: quotas[key.id.text] ?? .none)
        }
    }

    private static func insertSecret(_ database: Database, _ secret: KeySecretRecord) throws {
        do {
            try change(
                database,
                "INSERT INTO key_secrets (public_id, key_id, phc, not_after) VALUES (:public, :key, :phc, :end)",
                [
                    "public": secret.publicID, "key": secret.keyID.text, "phc": secret.phc,
                    "end": secret.notAfter?.microseconds,
                ])
        } catch TenancyError.nameTaken {
            throw TenancyError.duplicate
        }
    }

    private static func arguments(of key: APIKey) throws -> Arguments {
        [
            "id": key.id.text, "name": key.name, "expires": key.expiresAt?.microseconds,
            "models": try key.models.map { try json($0) }, "ips": try json(key.allowedIPs),
            "tags": try json(key.tags), "scope": key.scope,
        ]
    }

    private static func key(from row: Row) throws -> APIKey {
        let (id, tenant): (String, String) = (row[0], row[1])
        do {
            // Without a secret of its own there is none.
            guard let publicID = row[10] as String? else { throw TenancyError.damaged("key_secrets") }
            return APIKey(
                id: ID(id), tenantID: ID(tenant), publicID: publicID, name: row[2],
                createdAt: Timestamp(microseconds: row[3]), expiresAt: instant(row[4]), revokedAt: instant(row[5]),
                models: try (row[6] as String?).map(names), allowedIPs: try names(row[7]), tags: try labels(row[8]),
                scope: row[9])
        } catch TenancyError.damaged(let part) {
            throw TenancyError.damaged("\(part) of api_keys, \(id) of tenant \(tenant)")
        }
    }

    private static func secret(from row: Row) throws -> KeySecretRecord {
        KeySecretRecord(publicID: row[1], keyID: ID(row[0]), phc: row[2], notAfter: instant(row[3]))
    }
}
