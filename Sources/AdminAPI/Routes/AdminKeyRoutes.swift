import Billing
import HTTPTypes
import Hummingbird
import Tenancy

/// `/admin-keys`: the credentials of operators. A key's text is answered once, when it is made.
struct AdminKeyRoutes: RouteGroup {
    let plane: ControlPlane
    /// Whether another way in is configured.
    let hasBootstrap: Bool

    var routes: [AdminRoute] {
        [
            get("admin-keys", .admins, .list("Lists the keys of operators", .adminKey), use: list),
            post("admin-keys", .admins, Self.whole, use: create),
            get("admin-keys/{admin_key}", .admins, .one("Shows an operator's key", .adminKey), use: show),
            delete("admin-keys/{admin_key}", .admins, .nothing("Revokes an operator's key at once"), use: revoke),
        ]
    }

    private static let whole = RouteShape.creates("Issues a key to an operator", .issuedAdminKey) { body in
        _ = body.required("name", .name, else: "")
        let _: AdminRole = body.required("role", .choice, else: .viewer)
        _ = body.nullable("expires_at", .instant)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let keys = try plane.file.read { db in
            try TenancyStore.adminKeys(db, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(keys, cursor: \.id.text, json: json))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let name = body.required("name", .name, else: "")
        let role: AdminRole = body.required("role", .choice, else: .viewer)
        let expiry = body.nullable("expires_at", .instant).value
        body.requireFuture("expires_at", expiry, at: plane.time.now())
        try body.finish()
        return try await plane.issueAdminKey(named: name, role: role, expiresAt: expiry, context) { key, text in
            .created(key.json(lastUsedAt: nil), revealing: JSONMember("key", .string(text)))
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let key = try plane.adminKey(ID(try context.parameter("admin_key")))
        return .json(json(key), tagging: key.state)
    }

    private func revoke(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<AdminKey>(try context.parameter("admin_key"))
        try await request.requireEmptyBody()
        return try await plane.revokeAdminKey(id, hasBootstrap: hasBootstrap, context, answer: .noContent)
    }

    private func json(_ key: AdminKey) -> JSONValue {
        key.json(lastUsedAt: plane.adminKeys.directory.lastUse(of: key))
    }
}
