import Billing
import Hummingbird
import Tenancy

/// `/tenants/{id}/quotas` and `/keys/{id}/quotas`: ceilings on requests and tokens.
struct QuotaRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("tenants/{tenant}/quotas", .viewers, use: showTenant),
            put("tenants/{tenant}/quotas", .admins, use: putTenant),
            get("keys/{key}/quotas", .viewers, use: showKey),
            put("keys/{key}/quotas", .admins, use: putKey),
        ]
    }

    private func showTenant(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        guard let profile = plane.directory.tenant(id) else { throw Problem.notFound("tenant") }
        return .json(profile.quota.json)
    }

    private func showKey(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<APIKey>(try context.parameter("key"))
        guard let profile = plane.directory.key(id) else { throw Problem.notFound("key") }
        return .json(profile.quota.json)
    }

    private func putTenant(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        let directory = plane.directory
        return try await put(request, context, "tenant", id, present: { directory.tenant(id)?.quota }) { db, quota in
            try TenancyStore.putQuota(db, tenant: id, quota)
            return try TenancyStore.profile(db, id)
        } committed: {
            directory.put($0)
        }
    }

    private func putKey(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<APIKey>(try context.parameter("key"))
        let directory = plane.directory
        return try await put(request, context, "key", id, present: { directory.key(id)?.quota }) { db, quota in
            try TenancyStore.putQuota(db, key: id, quota)
            return try TenancyStore.keyProfile(db, id)
        } committed: {
            directory.put($0)
        }
    }

    /// Replaces a whole quota; `store` returns its owner as it is afterwards.
    private func put<Owner, Profile: Sendable>(
        _ request: Request,
        _ context: AdminContext,
        _ what: String,
        _ id: ID<Owner>,
        present: () -> Quota?,
        store: @escaping @Sendable (TenancyStore.Transaction, Quota) throws -> Profile?,
        committed: @escaping @Sendable (Profile) -> Void
    ) async throws -> Response {
        let body = try await request.object()
        let quota = Quota(body)
        try body.finish()
        return try await plane.turn.run {
            guard let before = present() else { throw Problem.notFound(what) }
            try context.requireMatch(before.json)
            let audit = plane.audit(context, "quota.put", id.text, before: before.json, after: quota.json)
            return try await plane.commit(context, audit: audit, answer: .ok(quota.json)) { db in
                try store(db, quota)
            } committed: { profile in
                if let profile { committed(profile) }
            }
        }
    }
}
