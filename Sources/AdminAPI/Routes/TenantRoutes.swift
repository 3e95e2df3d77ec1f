import Billing
import Hummingbird
import Tenancy

/// `/tenants`: who owns keys and pays.
struct TenantRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("tenants", .financeAndViewers, use: list),
            post("tenants", .admins, use: create),
            get("tenants/{tenant}", .financeAndViewers, use: show),
            patch("tenants/{tenant}", .admins, use: update),
            delete("tenants/{tenant}", .admins, use: archive),
            post("tenants/{tenant}/suspend", .admins, use: suspend),
            post("tenants/{tenant}/resume", .admins, use: resume),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let tenants = try plane.file.read { db in
            try TenancyStore.tenants(db, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(tenants, cursor: \.id.text, json: \.json))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let now = plane.time.now()
        var tenant = Tenant(
            id: ID.make(prefix: "ten", at: now), name: body.required("name", .name, else: ""), createdAt: now)
        tenant.read(settings: body)
        try body.finish()
        let created = tenant
        let audit = plane.audit(context, "tenant.create", created.id.text, after: created.json)
        let directory = plane.directory
        return try await plane.commit(context, audit: audit, answer: .created(created.json)) { db in
            try TenancyStore.insert(db, tenant: created)
        } committed: {
            directory.put(TenantProfile(tenant: created))
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        let (tenant, credits) = try plane.file.read { db in
            (try TenancyStore.tenant(db, id), try CreditStore.sums(db, tenant: id))
        }
        guard let tenant else { throw Problem.notFound("tenant") }
        return .json(tenant.json.adding("credits", Credit.json(credits)), tagging: tenant.json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        let body = try await request.object()
        return try await plane.turn.run {
            guard let before = plane.directory.tenant(id)?.tenant else { throw Problem.notFound("tenant") }
            try context.requireMatch(before.json)
            var after = before
            after.name = body.optional("name", .name) ?? before.name
            after.read(settings: body)
            try body.finish()
            return try await change(after, before: before, action: "tenant.update", context)
        }
    }

    private func suspend(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await setSuspended(true, request, context)
    }

    private func resume(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await setSuspended(false, request, context)
    }

    private func setSuspended(_ flag: Bool, _ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            guard let before = plane.directory.tenant(id)?.tenant else { throw Problem.notFound("tenant") }
            var after = before
            after.suspended = flag
            return try await change(
                after, before: before, action: flag ? "tenant.suspend" : "tenant.resume", context)
        }
    }

    private func archive(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            guard let before = plane.directory.tenant(id)?.tenant else { throw Problem.notFound("tenant") }
            try context.requireMatch(before.json)
            let audit = plane.audit(context, "tenant.archive", id.text, before: before.json)
            let directory = plane.directory
            let now = plane.time.now()
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try TenancyStore.archive(db, tenant: id, at: now)
            } committed: {
                directory.remove(tenant: id)
            }
        }
    }

    /// Stores the tenant; a new zone moves the windows of its budgets.
    private func change(
        _ tenant: Tenant,
        before: Tenant,
        action: String,
        _ context: AdminContext
    ) async throws -> Response {
        let audit = plane.audit(context, action, tenant.id.text, before: before.json, after: tenant.json)
        let directory = plane.directory
        let ledger = plane.ledger
        let zoneChanged = tenant.timeZone != before.timeZone
        return try await plane.commit(context, audit: audit, answer: .ok(tenant.json)) { db in
            try TenancyStore.update(db, tenant: tenant)
            let openings = zoneChanged ? try ledger.rezone(tenant.id, db) : []
            return (profile: try TenancyStore.profile(db, tenant.id), openings: openings)
        } committed: { change in
            if let profile = change.profile { directory.put(profile) }
            for opening in change.openings { ledger.committed(opening) }
        }
    }
}
