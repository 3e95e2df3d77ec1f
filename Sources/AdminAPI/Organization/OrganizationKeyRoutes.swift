import Hummingbird
import Tenancy

/// `admin_api_keys`: the admin keys.
struct OrganizationKeyRoutes: OrganizationGroup {
    let plane: ControlPlane
    /// Whether another way in is configured.
    let hasBootstrap: Bool

    var routes: [AdminRoute] {
        [
            list("admin_api_keys", .admins, use: list),
            post("admin_api_keys", .admins, use: create),
            get("admin_api_keys/{admin_key}", .admins, use: show),
            delete("admin_api_keys/{admin_key}", .admins, use: delete),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = OrganizationQuery(request)
        let page = query.page(orders: true)
        if page.before != nil { query.fail("before", "is unknown") }
        try query.finish()
        let keys = try plane.file.read { db in try TenancyStore.adminKeys(db, limit: .max) }
        return .json(page.cut(keys, id: \.id.text, json: json))
    }

    /// Without `role`, which OpenAI does not have, the key may do everything, as it could there.
    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let name = body.required("name", .name, else: "")
        let expiry = body.expiry(at: plane.time.now())
        let role: AdminRole = body.optional("role", .choice) ?? .admin
        try body.finish()
        return try await plane.issueAdminKey(named: name, role: role, expiresAt: expiry, context) { key, text in
            Answer(status: .ok, body: json(key), secret: JSONMember("value", .string(text)))
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let key = try stored(context)
        return .json(json(key), tagging: key.state)
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = try stored(context).id
        try await request.requireEmptyBody()
        return try await plane.revokeAdminKey(
            id, hasBootstrap: hasBootstrap, context,
            answer: OrganizationShapes.deleted(id.text, "organization.admin_api_key"))
    }

    private func stored(_ context: AdminContext) throws -> AdminKey {
        let key = try plane.adminKey(ID(try context.parameter("admin_key")))
        guard key.revokedAt == nil else { throw Problem.notFound("admin key") }
        return key
    }

    @Sendable private func json(_ key: AdminKey) -> JSONValue {
        [
            "id": .string(key.id.text),
            "object": "organization.admin_api_key",
            "name": .string(key.name),
            "redacted_value": OrganizationShapes.redacted("tga", key.publicID),
            "created_at": .integer(key.createdAt.seconds),
            "expires_at": OrganizationShapes.seconds(key.expiresAt),
            "last_used_at": OrganizationShapes.seconds(plane.adminKeys.directory.lastUse(of: key)),
            "owner": [
                "type": "service_account",
                "object": "organization.service_account",
                "id": .string(key.id.text),
                "name": .string(key.name),
                "created_at": .integer(key.createdAt.seconds),
                "role": .string(key.role.rawValue),
            ],
        ]
    }
}
