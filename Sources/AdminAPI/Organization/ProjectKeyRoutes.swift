import Hummingbird
import Tenancy

/// `projects/{id}/api_keys`: the same keys, seen as credentials. They are made with their service account.
struct ProjectKeyRoutes: OrganizationGroup {
    private enum Access: String, CaseIterable {
        case active
        case inactive
        case any
    }

    let plane: ControlPlane

    var routes: [AdminRoute] {
        let path = "projects/{project}/api_keys"
        return [
            list(path, .viewers, use: list),
            get(path + "/{key}", .viewers, use: show),
            post(path + "/{key}", .admins, use: update),
            delete(path + "/{key}", .admins, use: delete),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = try plane.project(context).tenant
        var query = OrganizationQuery(request)
        let access = query.choice("owner_project_access", of: Access.self) ?? .any
        let page = query.page()
        if page.before != nil { query.fail("before", "is unknown") }
        try query.finish()
        // Access is the tenant's: all of its keys have it, or none.
        let isShown = access == .any || (access == .inactive) == tenant.suspended
        let keys = isShown ? try plane.projectKeys(page, of: tenant.id) : []
        return .json(
            page.answer(keys, id: \.id.text) { $0.projectKey(hasAccess: !tenant.suspended) })
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = try plane.project(context).tenant
        let profile = try plane.projectKey("key", context)
        return .json(profile.key.projectKey(hasAccess: !tenant.suspended), tagging: profile.json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = try plane.project(context).tenant
        let profile = try plane.projectKey("key", context)
        let body = try await request.object()
        let now = plane.time.now()
        let expiry = body.expiry(at: now)
        body.refuse("scopes")
        try body.finish()
        return try await plane.change(
            profile.key.id, context, answer: { .ok($0.key.projectKey(hasAccess: !tenant.suspended)) },
            edit: { before in
                guard before.key.isUsable(at: now) else {
                    throw Problem.conflict("key_expired", "the key has expired; an expired key stays so")
                }
                var key = before.key
                key.expiresAt = expiry ?? key.expiresAt
                return key
            })
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = try plane.projectKey("key", context).key.id
        try await request.requireEmptyBody()
        let answer = OrganizationShapes.deleted(id.text, "organization.project.api_key")
        return try await plane.revoke(id, context, answer: answer)
    }
}
