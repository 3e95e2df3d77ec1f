import Hummingbird
import Tenancy

/// Changes of quotas, whoever asks for them and however they are answered.
extension ControlPlane {
    /// Stores what `edit` makes of a tenant's quota.
    func changeQuota(
        of id: ID<Tenant>,
        _ context: AdminContext,
        answer: (Quota) -> Answer,
        edit: (Quota) -> Quota
    ) async throws -> Response {
        let directory = directory
        return try await changeQuota("tenant", id, context, answer, edit) {
            directory.tenant(id).map { QuotaHolder(tenantID: id, quota: $0.quota) }
        } store: {
            try TenancyStore.putQuota($0, tenant: id, $1)
            return try TenancyStore.profile($0, id)
        } committed: {
            directory.put($0)
        }
    }

    /// Stores what `edit` makes of a key's quota.
    func changeQuota(
        of id: ID<APIKey>,
        _ context: AdminContext,
        answer: (Quota) -> Answer,
        edit: (Quota) -> Quota
    ) async throws -> Response {
        let directory = directory
        return try await changeQuota("key", id, context, answer, edit) {
            directory.key(id).map { QuotaHolder(tenantID: $0.key.tenantID, quota: $0.quota) }
        } store: {
            try TenancyStore.putQuota($0, key: id, $1)
            return try TenancyStore.keyProfile($0, id)
        } committed: {
            directory.put($0)
        }
    }

    /// `store` returns the quota's owner as it is afterwards.
    private func changeQuota<Owner, Profile: Sendable>(
        _ what: String,
        _ id: ID<Owner>,
        _ context: AdminContext,
        _ answer: (Quota) -> Answer,
        _ edit: (Quota) -> Quota,
        present: () -> QuotaHolder?,
        store: @escaping @Sendable (TenancyStore.Transaction, Quota) throws -> Profile?,
        committed: @escaping @Sendable (Profile) -> Void
    ) async throws -> Response {
        try await turn.run {
            guard let holder = present() else { throw Problem.notFound(what) }
            try context.requireMatch(holder.quota.json)
            let quota = edit(holder.quota)
            let audit = audit(
                context, "quota.put", id.text, before: holder.audited(holder.quota), after: holder.audited(quota))
            return try await commit(context, audit: audit, answer: answer(quota)) { db in
                try store(db, quota)
            } committed: { profile in
                if let profile { committed(profile) }
            }
        }
    }
}

/// Whose quota it is, as it stands before a change.
private struct QuotaHolder {
    let tenantID: ID<Tenant>
    let quota: Quota

    /// The quota as the audit log has it: the entry's subject may be a key, and its tenant is asked for too.
    func audited(_ quota: Quota) -> JSONValue { quota.json.adding("tenant_id", .string(tenantID.text)) }
}
