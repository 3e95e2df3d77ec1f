import Foundation
public import GRDB

/// Reads and writes tenants, keys and quotas inside the caller's transaction; throws `TenancyError`.
public enum TenancyStore {
    private static let tenantColumns = """
        id, name, time_zone, tags, price_multiplier_ppm, on_insufficient, trim_floor, hold_wait_ms,
        uncertain_release_after_seconds, suspended, created_at, archived_at
        """

    /// Adds a tenant; `nameTaken` if another that is not archived has its name.
    public static func insert(_ database: Database, tenant: Tenant) throws {
        try change(
            database,
            """
            INSERT INTO tenants (\(tenantColumns)) VALUES
            (:id, :name, :zone, :tags, :ppm, :insufficient, :floor, :wait, :release, :suspended, :created, :archived)
            """,
            try arguments(of: tenant), expectingOne: false)
    }

    /// Stores every field that may change; `notFound` once the tenant is archived.
    public static func update(_ database: Database, tenant: Tenant) throws {
        var arguments = try arguments(of: tenant)
        for fixed in ["created", "archived"] { arguments[fixed] = nil }
        try change(
            database,
            """
            UPDATE tenants SET name = :name, time_zone = :zone, tags = :tags, price_multiplier_ppm = :ppm,
                on_insufficient = :insufficient, trim_floor = :floor, hold_wait_ms = :wait,
                uncertain_release_after_seconds = :release, suspended = :suspended
            WHERE id = :id AND archived_at IS NULL
            """,
            arguments)
    }

    /// Archives the tenant: its name is free again, its keys are revoked, its history stays.
    public static func archive(_ database: Database, tenant: ID<Tenant>, at instant: Timestamp) throws {
        let arguments: Arguments = ["id": tenant.text, "at": instant.microseconds]
        try change(
            database, "UPDATE tenants SET archived_at = :at WHERE id = :id AND archived_at IS NULL", arguments)
        try change(
            database, "UPDATE api_keys SET revoked_at = :at WHERE tenant_id = :id AND revoked_at IS NULL", arguments,
            expectingOne: false)
    }

    /// The tenant, archived or not.
    public static func tenant(_ database: Database, _ id: ID<Tenant>) throws -> Tenant? {
        try fetch(database, "SELECT \(tenantColumns) FROM tenants WHERE id = ?", [id.text], tenant(from:)).first
    }

    /// The tenant of that name that is not archived.
    public static func tenant(_ database: Database, named name: String) throws -> Tenant? {
        let sql = "SELECT \(tenantColumns) FROM tenants WHERE name = ? AND archived_at IS NULL"
        return try fetch(database, sql, [name], tenant(from:)).first
    }

    /// A page of the tenants, archived ones only if asked for, in order of id, starting after the given id.
    public static func tenants(
        _ database: Database,
        after: String? = nil,
        limit: Int,
        includingArchived: Bool = false
    ) throws -> [Tenant] {
        let condition = includingArchived ? "" : " AND archived_at IS NULL"
        let sql = "SELECT \(tenantColumns) FROM tenants WHERE id > ?\(condition) ORDER BY id LIMIT ?"
        return try fetch(database, sql, [after ?? "", max(0, limit)], tenant(from:))
    }

    /// Replaces all entitlements of the tenant; `duplicate` if a pool is named twice.
    public static func putEntitlements(
        _ database: Database,
        tenant: ID<Tenant>,
        _ entitlements: [Entitlement]
    ) throws {
        try requireActive(database, tenant: tenant)
        try change(
            database, "DELETE FROM entitlements WHERE tenant_id = :id", ["id": tenant.text], expectingOne: false)
        for (position, entitlement) in entitlements.enumerated() {
            try change(
                database,
                "INSERT INTO entitlements (tenant_id, pool, position, models) VALUES (:id, :pool, :position, :models)",
                [
                    "id": tenant.text, "pool": entitlement.pool, "position": position,
                    "models": try json(entitlement.models),
                ])
        }
    }

    /// The tenant's entitlements in the order they were given.
    public static func entitlements(_ database: Database, tenant: ID<Tenant>) throws -> [Entitlement] {
        let sql = "SELECT tenant_id, pool, models FROM entitlements WHERE tenant_id = ? ORDER BY position"
        return try fetch(database, sql, [tenant.text], entitlement(from:))
    }

    /// The tenant with all that admission needs; nil if there is none.
    public static func profile(_ database: Database, _ id: ID<Tenant>) throws -> TenantProfile? {
        guard let tenant = try tenant(database, id) else { return nil }
        return TenantProfile(
            tenant: tenant,
            entitlements: try entitlements(database, tenant: id),
            quota: try quota(database, tenant: id)
        )
    }

    /// Every tenant that is not archived.
    public static func allTenants(_ database: Database) throws -> [TenantProfile] {
        let entitlements = try grouped(
            database, "SELECT tenant_id, pool, models FROM entitlements ORDER BY position", entitlement(from:))
        let quotas = try quotas(database, table: "tenant_quotas", owner: "tenant_id")
        let sql = "SELECT \(tenantColumns) FROM tenants WHERE archived_at IS NULL ORDER BY id"
        return try fetch(database, sql, [], tenant(from:)).map { tenant in
            TenantProfile(
                tenant: tenant,
                entitlements: entitlements[tenant.id.text] ?? [],
                quota: quotas[tenant.id.text] ?? .none
            )
        }
    }

    static func requireActive(_ database: Database, tenant id: ID<Tenant>) throws {
        guard let tenant = try tenant(database, id), tenant.archivedAt == nil else { throw TenancyError.notFound }
    }

    private static func arguments(of tenant: Tenant) throws -> Arguments {
        [
            "id": tenant.id.text, "name": tenant.name, "zone": tenant.timeZone, "tags": try json(tenant.tags),
            "ppm": tenant.priceMultiplierPPM, "insufficient": tenant.onInsufficient.rawValue,
            "floor": tenant.trimFloor, "wait": tenant.holdWaitMS, "release": tenant.uncertainReleaseAfterSeconds,
            "suspended": tenant.suspended, "created": tenant.createdAt.microseconds,
            "archived": tenant.archivedAt?.microseconds,
        ]
    }

    /// An odd row suspends its own tenant: who refused to read it would stop all others.
    private static func tenant(from row: Row) throws -> Tenant {
        let onInsufficient = OnInsufficient(rawValue: row[5])
        let tags = try? labels(row[3])
        let multiplier: Int64 = row[4]
        let releaseAfter: Int64? = row[8]
        let isDamaged = onInsufficient == nil || tags == nil || !Tenant.multipliersPPM.contains(multiplier)
        return Tenant(
            id: ID(row[0]), name: row[1], timeZone: row[2], tags: tags ?? [:], priceMultiplierPPM: multiplier,
            onInsufficient: onInsufficient ?? .refuse, trimFloor: row[6], holdWaitMS: row[7],
            uncertainReleaseAfterSeconds: releaseAfter.flatMap { $0 < 0 ? nil : $0 }, suspended: row[9] || isDamaged,
            createdAt: Timestamp(microseconds: row[10]), archivedAt: instant(row[11]))
    }

    /// An odd row entitles to nothing.
    private static func entitlement(from row: Row) throws -> Entitlement {
        Entitlement(pool: row[1], models: (try? names(row[2])) ?? [])
    }
}
