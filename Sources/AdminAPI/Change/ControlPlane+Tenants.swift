import Billing
import Hummingbird
import Tenancy

/// Changes of tenants, whoever asks for them and however they are answered.
extension ControlPlane {
    func create(_ tenant: Tenant, _ context: AdminContext, answer: Answer) async throws -> Response {
        let audit = audit(context, "tenant.create", tenant.id.text, after: tenant.json)
        let directory = directory
        return try await commit(context, audit: audit, answer: answer) { db in
            try TenancyStore.insert(db, tenant: tenant)
        } committed: {
            directory.put(TenantProfile(tenant: tenant))
        }
    }

    /// Stores what `edit` makes of a tenant; a new zone moves the windows of its budgets.
    func change(
        _ id: ID<Tenant>,
        action: String,
        _ context: AdminContext,
        answer: @escaping @Sendable (Tenant) -> Answer,
        edit: (inout Tenant) throws -> Void
    ) async throws -> Response {
        try await turn.run {
            let before = try active(id)
            try context.requireMatch(before.json)
            var edited = before
            try edit(&edited)
            let tenant = edited
            let audit = audit(context, action, id.text, before: before.json, after: tenant.json)
            let (directory, ledger) = (directory, ledger)
            let zoneChanged = tenant.timeZone != before.timeZone
            return try await commit(context, audit: audit, answer: answer(tenant)) { db in
                try TenancyStore.update(db, tenant: tenant)
                let openings = zoneChanged ? try ledger.rezone(tenant.id, db) : []
                return (profile: try TenancyStore.profile(db, tenant.id), openings: openings)
            } committed: { change in
                if let profile = change.profile { directory.put(profile) }
                for opening in change.openings { ledger.committed(opening) }
            }
        }
    }

    func archive(
        _ id: ID<Tenant>,
        _ context: AdminContext,
        answer: @escaping @Sendable (Tenant) -> Answer
    ) async throws -> Response {
        try await turn.run {
            let before = try active(id)
            try context.requireMatch(before.json)
            let audit = audit(context, "tenant.archive", id.text, before: before.json)
            let directory = directory
            let now = time.now()
            var archived = before
            archived.archivedAt = now
            return try await commit(context, audit: audit, answer: answer(archived)) { db in
                try TenancyStore.archive(db, tenant: id, at: now)
            } committed: {
                directory.remove(tenant: id)
            }
        }
    }

    /// A tenant that is there and not archived.
    func active(_ id: ID<Tenant>) throws(Problem) -> Tenant {
        guard let tenant = directory.tenant(id)?.tenant else { throw Problem.notFound("tenant") }
        return tenant
    }
}
