import Hummingbird
import Tenancy

/// `projects/{id}/service_accounts`: keys, seen as those who hold them. One service account has one key.
struct ServiceAccountRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        let path = "projects/{project}/service_accounts"
        return [
            list(path, .viewers, use: list),
            post(path, .admins, use: create),
            get(path + "/{account}", .viewers, use: show),
            post(path + "/{account}", .admins, use: update),
            delete(path + "/{account}", .admins, use: delete),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let project = try plane.project(context)
        var query = OrganizationQuery(request)
        let page = query.page()
        if page.before != nil { query.fail("before", "is unknown") }
        try query.finish()
        let keys = try plane.projectKeys(page, of: project.tenant.id)
        return .json(page.answer(keys, id: \.id.text, json: \.serviceAccount))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let project = try plane.project(context)
        let body = try await request.object()
        let now = plane.time.now()
        let key = APIKey(
            id: ID.make(prefix: "key", at: now), tenantID: project.tenant.id, publicID: "",
            name: body.required("name", .name, else: ""), createdAt: now, expiresAt: body.expiry(at: now))
        if body.nullable("create_service_account_only", .flag).value == true {
            body.fail(
                "create_service_account_only", "is not supported: an account without a key is nothing",
                code: "unsupported_parameter")
        }
        try body.finish()
        return try await plane.issue(key, context) { profile, text in
            let shown = JSONMember("api_key", profile.key.issued(text))
            return Answer(status: .ok, body: profile.key.serviceAccount, secret: shown)
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let profile = try plane.projectKey("account", context)
        return .json(profile.key.serviceAccount, tagging: profile.json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let profile = try plane.projectKey("account", context)
        let body = try await request.object()
        let name = body.nullable("name", .name).value
        if let role = body.nullable("role", .text()).value, role != "member" {
            body.fail("role", "must be member", code: "unsupported_parameter")
        }
        try body.finish()
        return try await plane.change(
            profile.key.id, context, answer: { .ok($0.key.serviceAccount) },
            edit: { before in
                var key = before.key
                key.name = name ?? key.name
                return key
            })
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = try plane.projectKey("account", context).key.id
        try await request.requireEmptyBody()
        let answer = OrganizationShapes.deleted(id.text, "organization.project.service_account")
        return try await plane.revoke(id, context, answer: answer)
    }
}
