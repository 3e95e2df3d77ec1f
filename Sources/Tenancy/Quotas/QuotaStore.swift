public import GRDB

/// Quotas of tenants and keys.
extension TenancyStore {
    /// Replaces the tenant's own quota.
    public static func putQuota(_ database: Database, tenant: ID<Tenant>, _ quota: Quota) throws {
        try requireActive(database, tenant: tenant)
        try put(database, quota, table: "tenant_quotas", column: "tenant_id", owner: tenant.text)
    }

    /// Replaces the key's own quota.
    public static func putQuota(_ database: Database, key id: ID<APIKey>, _ quota: Quota) throws {
        guard let key = try key(database, id), key.revokedAt == nil else { throw TenancyError.notFound }
        try put(database, quota, table: "key_quotas", column: "key_id", owner: id.text)
    }

    /// The tenant's own quota; none if none was ever put.
    public static func quota(_ database: Database, tenant: ID<Tenant>) throws -> Quota {
        let sql = "SELECT tenant_id, rpm, tpm, rpd, tpd, concurrency FROM tenant_quotas WHERE tenant_id = ?"
        return try fetch(database, sql, [tenant.text], quota(from:)).first ?? .none
    }

    /// The key's own quota; none if none was ever put.
    public static func quota(_ database: Database, key: ID<APIKey>) throws -> Quota {
        let sql = "SELECT key_id, rpm, tpm, rpd, tpd, concurrency FROM key_quotas WHERE key_id = ?"
        return try fetch(database, sql, [key.text], quota(from:)).first ?? .none
    }

    static func quotas(_ database: Database, table: String, owner: String) throws -> [String: Quota] {
        let sql = "SELECT \(owner), rpm, tpm, rpd, tpd, concurrency FROM \(table)"
        return try grouped(database, sql, quota(from:)).compactMapValues(\.first)
    }

    private static func put(
        _ database: Database,
        _ quota: Quota,
        table: String,
        column: String,
        owner: String
    ) throws {
        if quota.isEmpty {
            try change(database, "DELETE FROM \(table) WHERE \(column) = :owner", ["owner": owner], expectingOne: false)
            return
        }
        try change(
            database,
            """
            INSERT INTO \(table) (\(column), rpm, tpm, rpd, tpd, concurrency)
            VALUES (:owner, :rpm, :tpm, :rpd, :tpd, :concurrency)
            ON CONFLICT (\(column)) DO UPDATE SET rpm = :rpm, tpm = :tpm, rpd = :rpd, tpd = :tpd,
                concurrency = :concurrency
            """,
            [
                "owner": owner, "rpm": quota.rpm, "tpm": quota.tpm, "rpd": quota.rpd, "tpd": quota.tpd,
                "concurrency": quota.concurrency,
            ])
    }

    private static func quota(from row: Row) throws -> Quota {
        Quota(rpm: row[1], tpm: row[2], rpd: row[3], tpd: row[4], concurrency: row[5])
    }
}
