import Synchronization

/// The live view of who exists; changed only after the change is committed.
public final class Directory: Sendable {
    private struct State {
        var tenants: [ID<Tenant>: TenantProfile] = [:]
        var keys: [ID<APIKey>: KeyProfile] = [:]
        var keysOfTenant: [ID<Tenant>: Set<ID<APIKey>>] = [:]
        var secrets: [PublicID: Secret] = [:]
    }

    private struct Secret {
        let record: KeySecretRecord
        let key: KeyProfile
    }

    private let state = Mutex(State())

    /// A directory of what the database holds at start.
    public init(tenants: [TenantProfile] = [], keys: [KeyProfile] = []) {
        state.withLock { state in
            state.tenants.reserveCapacity(tenants.count)
            state.keys.reserveCapacity(keys.count)
            state.secrets.reserveCapacity(keys.count)
            for tenant in tenants { state.tenants[tenant.tenant.id] = tenant }
            for key in keys { Self.put(key, in: &state) }
        }
    }

    /// Adds the tenant or replaces what was known of it.
    public func put(_ tenant: TenantProfile) {
        state.withLock { $0.tenants[tenant.tenant.id] = tenant }
    }

    /// Adds the key or replaces what was known of it, its secrets included.
    public func put(_ key: KeyProfile) {
        state.withLock { Self.put(key, in: &$0) }
    }

    /// Forgets the tenant and its keys.
    public func remove(tenant: ID<Tenant>) {
        state.withLock { state in
            state.tenants[tenant] = nil
            for key in state.keysOfTenant[tenant] ?? [] { Self.remove(key, from: &state) }
        }
    }

    /// Forgets the key and its secrets.
    public func remove(key: ID<APIKey>) {
        state.withLock { Self.remove(key, from: &$0) }
    }

    /// The tenant of that id.
    public func tenant(_ id: ID<Tenant>) -> TenantProfile? {
        state.withLock { $0.tenants[id] }
    }

    /// The key of that id.
    public func key(_ id: ID<APIKey>) -> KeyProfile? {
        state.withLock { $0.keys[id] }
    }

    /// The secret of that public id with its key and tenant; expiry is the caller's to judge.
    public func secret(publicID: PublicID) -> (record: KeySecretRecord, key: KeyProfile, tenant: TenantProfile)? {
        state.withLock { state in
            guard let secret = state.secrets[publicID],
                let tenant = state.tenants[secret.key.key.tenantID]
            else { return nil }
            return (secret.record, secret.key, tenant)
        }
    }

    /// Judges a principal again, e.g. when it leaves a queue.
    public func current(_ principal: Principal, at instant: Timestamp) -> Standing {
        let (key, tenant, record) = state.withLock { state in
            (
                state.keys[principal.key.key.id],
                state.tenants[principal.tenant.tenant.id],
                principal.secret.flatMap { state.secrets[$0]?.record }
            )
        }
        guard let key, key.key.isUsable(at: instant),
            let tenant, tenant.tenant.archivedAt == nil
        else { return .refused }
        if principal.secret != nil {
            guard let record, record.isUsable(at: instant) else { return .refused }
        }
        if tenant.tenant.suspended { return .suspended }
        return .good(Principal(tenant: tenant, key: key, secret: principal.secret))
    }

    /// Every tenant, oldest first.
    public func allTenants() -> [TenantProfile] {
        state.withLock { Array($0.tenants.values) }.sorted { $0.tenant.id < $1.tenant.id }
    }

    /// The tenant's keys, oldest first.
    public func keys(of tenant: ID<Tenant>) -> [KeyProfile] {
        let keys = state.withLock { state in (state.keysOfTenant[tenant] ?? []).compactMap { state.keys[$0] } }
        return keys.sorted { $0.key.id < $1.key.id }
    }

    private static func put(_ profile: KeyProfile, in state: inout State) {
        remove(profile.key.id, from: &state)
        state.keys[profile.key.id] = profile
        state.keysOfTenant[profile.key.tenantID, default: []].insert(profile.key.id)
        for record in profile.secrets {
            guard let publicID = PublicID(record.publicID.utf8) else { continue }
            state.secrets[publicID] = Secret(record: record, key: profile)
        }
    }

    private static func remove(_ id: ID<APIKey>, from state: inout State) {
        guard let old = state.keys.removeValue(forKey: id) else { return }
        for record in old.secrets {
            guard let publicID = PublicID(record.publicID.utf8), state.secrets[publicID]?.key === old else { continue }
            state.secrets[publicID] = nil
        }
        state.keysOfTenant[old.key.tenantID]?.remove(id)
        if state.keysOfTenant[old.key.tenantID]?.isEmpty == true { state.keysOfTenant[old.key.tenantID] = nil }
    }
}
