import Hummingbird
import Tenancy

/// `projects`: the tenants.
struct ProjectRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            list("projects", .financeAndViewers, use: list),
            post("projects", .admins, use: create),
            get("projects/{project}", .financeAndViewers, use: show),
            post("projects/{project}", .admins, use: update),
            post("projects/{project}/archive", .admins, use: archive),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = OrganizationQuery(request)
        let includesArchived = query.flag("include_archived") ?? false
        let page = query.page()
        if page.before != nil { query.fail("before", "is unknown") }
        try query.finish()
        let tenants = try plane.file.read { db in
            try TenancyStore.tenants(
                db, after: page.after, limit: page.limit + 1, includingArchived: includesArchived)
        }
        return .json(page.answer(tenants, id: \.id.text, json: \.project))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let now = plane.time.now()
        let tenant = Tenant(
            id: ID.make(prefix: "ten", at: now), name: body.required("name", .name, else: ""), createdAt: now)
        body.refuse("external_key_id", "geography", "residency")
        try body.finish()
        return try await plane.create(tenant, context, answer: .ok(tenant.project))
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("project"))
        guard let tenant = try plane.file.read({ db in try TenancyStore.tenant(db, id) }) else {
            throw Problem.notFound("project")
        }
        return .json(tenant.project, tagging: tenant.json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("project"))
        let body = try await request.object()
        let name = body.nullable("name", .name).value
        body.refuse("external_key_id", "geography")
        try body.finish()
        return try await plane.change(id, action: "tenant.update", context, answer: { .ok($0.project) }) { tenant in
            tenant.name = name ?? tenant.name
        }
    }

    private func archive(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("project"))
        try await request.requireEmptyBody()
        return try await plane.archive(id, context) { .ok($0.project) }
    }
}
