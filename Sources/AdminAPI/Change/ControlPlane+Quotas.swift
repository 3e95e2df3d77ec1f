import Billing
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
            directory.tenant(id).map { QuotaHolder(owner: .tenant(id), tenant: $0.tenant, quota: $0.quota) }
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
            guard let key = directory.key(id), let tenant = directory.tenant(key.key.tenantID) else { return nil }
            return QuotaHolder(owner: .key(id), tenant: tenant.tenant, quota: key.quota)
        } store: {
            try TenancyStore.putQuota($0, key: id, $1)
            return try TenancyStore.keyProfile($0, id)
        } committed: {
            directory.put($0)
        }
    }

    /// `store` returns the quota's owner as it is afterwards.
    ///
    /// Without a quota of a day nothing counts its day, so the first one begins with what the ledger has settled of it.
    /// What is admitted under the new quota is settled later, so no call is counted twice. Calls in flight at this
    /// moment are in neither count; one that began under an earlier quota of a day may give back more than it took.
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
            let (meter, now) = (quotaMeter, time.now())
            let beginsDay = !holder.quota.hasDays && quota.hasDays
            return try await commit(context, audit: audit, answer: answer(quota)) { db in
                let profile = try store(db, quota)
                let used =
                    beginsDay ? try LedgerStore.usedOfDay(db, by: holder.owner, of: holder.tenant, at: now) : nil
                return (profile: profile, used: used)
            } committed: { change in
                // Before the quota binds, or a call could find the day unused.
                if let used = change.used {
                    meter.seedDay(
                        holder.owner, timeZone: holder.tenant.timeZone, at: now, requests: used.requests,
                        tokens: used.tokens)
                }
                if let profile = change.profile { committed(profile) }
            }
        }
    }
}

/// Whose quota it is, as it stands before a change.
private struct QuotaHolder: Sendable {
    let owner: QuotaOwner
    let tenant: Tenant
    let quota: Quota

    /// The quota as the audit log has it: the entry's subject may be a key, and its tenant is asked for too.
    func audited(_ quota: Quota) -> JSONValue { quota.json.adding("tenant_id", .string(tenant.id.text)) }
}
