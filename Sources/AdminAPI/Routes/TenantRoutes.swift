import Billing
import Hummingbird
import Tenancy

/// `/tenants`: who owns keys and pays.
struct TenantRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("tenants", .financeAndViewers, Self.page, use: list),
            post("tenants", .admins, .creates("Makes a tenant", .tenant, Self.whole), use: create),
            get("tenants/{tenant}", .financeAndViewers, .one("Shows a tenant", .tenantWithCredits), use: show),
            patch("tenants/{tenant}", .admins, .takes("Changes a tenant", .tenant, Self.part), use: update),
            delete(
                "tenants/{tenant}", .admins, .nothing("Archives a tenant and revokes its keys"), use: archive),
            post("tenants/{tenant}/suspend", .admins, .one("Refuses all its calls", .tenant), use: suspend),
            post("tenants/{tenant}/resume", .admins, .one("Lets its calls in again", .tenant), use: resume),
        ]
    }

    private static let page = RouteShape.list("Lists tenants", .tenant) { query in
        _ = query.flag("include_archived")
        _ = query.page()
    }

    @Sendable private static func whole(_ body: JSONObject) {
        _ = body.required("name", .name, else: "")
        part(body)
    }

    @Sendable private static func part(_ body: JSONObject) {
        _ = body.optional("name", .name)
        var tenant = Tenant.blank
        tenant.read(settings: body)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let includesArchived = query.flag("include_archived")
        let page = query.page()
        try query.finish()
        let tenants = try plane.file.read { db in
            try TenancyStore.tenants(
                db, after: page.after, limit: page.limit + 1, includingArchived: includesArchived)
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
        return try await plane.create(tenant, context, answer: .created(tenant.json))
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
        return try await plane.change(id, action: "tenant.update", context, answer: { .ok($0.json) }) { tenant in
            tenant.name = body.optional("name", .name) ?? tenant.name
            tenant.read(settings: body)
            try body.finish()
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
        let action = flag ? "tenant.suspend" : "tenant.resume"
        return try await plane.change(id, action: action, context, answer: { .ok($0.json) }) { tenant in
            tenant.suspended = flag
        }
    }

    private func archive(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        try await request.requireEmptyBody()
        return try await plane.archive(id, context) { _ in .noContent }
    }
}
