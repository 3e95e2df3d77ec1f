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
        return try await changeQuota("tenant", id, context, answer, edit, present: { directory.tenant(id)?.quota }) {
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
        return try await changeQuota("key", id, context, answer, edit, present: { directory.key(id)?.quota }) {
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
        present: () -> Quota?,
        store: @escaping @Sendable (TenancyStore.Transaction, Quota) throws -> Profile?,
        committed: @escaping @Sendable (Profile) -> Void
    ) async throws -> Response {
        try await turn.run {
            guard let before = present() else { throw Problem.notFound(what) }
            try context.requireMatch(before.json)
            let quota = edit(before)
            let audit = audit(context, "quota.put", id.text, before: before.json, after: quota.json)
            return try await commit(context, audit: audit, answer: answer(quota)) { db in
                try store(db, quota)
            } committed: { profile in
                if let profile { committed(profile) }
            }
        }
    }
}
