import Tenancy

/// Profiles for tests, so that each test names only what it is about.
enum TestProfiles {
    static let start = Timestamp(microseconds: 1_795_435_200_000_000)

    static func tenant(
        _ id: String = "ten_1",
        zone: String = "UTC",
        suspended: Bool = false,
        archivedAt: Timestamp? = nil,
        quota: Quota = .none
    ) -> TenantProfile {
        let tenant = Tenant(
            id: ID(id), name: id, timeZone: zone, suspended: suspended, createdAt: start, archivedAt: archivedAt)
        return TenantProfile(tenant: tenant, entitlements: [Entitlement(pool: "fast")], quota: quota)
    }

    static func key(
        _ id: String = "key_1",
        of tenant: String = "ten_1",
        secrets: [(publicID: String, phc: String, notAfter: Timestamp?)] = [],
        expiresAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil,
        allowedIPs: [String] = [],
        quota: Quota = .none
    ) -> KeyProfile {
        let key = APIKey(
            id: ID(id), tenantID: ID(tenant), publicID: secrets.first?.publicID ?? "0000000000", name: id,
            createdAt: start, expiresAt: expiresAt, revokedAt: revokedAt, allowedIPs: allowedIPs)
        let records = secrets.map {
            KeySecretRecord(publicID: $0.publicID, keyID: key.id, phc: $0.phc, notAfter: $0.notAfter)
        }
        return KeyProfile(key: key, secrets: records, quota: quota)
    }

    static func principal(
        tenant: Quota = .none,
        key: Quota = .none,
        zone: String = "UTC",
        keyID: String = "key_1"
    ) -> Principal {
        Principal(tenant: Self.tenant(zone: zone, quota: tenant), key: Self.key(keyID, quota: key))
    }
}
