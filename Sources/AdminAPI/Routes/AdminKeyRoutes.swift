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
            get("admin-keys", .admins, use: list),
            post("admin-keys", .admins, use: create),
            get("admin-keys/{admin_key}", .admins, use: show),
            delete("admin-keys/{admin_key}", .admins, use: revoke),
        ]
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
        try body.finish()
        guard context.caller.role.includes(role) else { throw Problem.roleNotAllowed(context.caller.role) }
        let now = plane.time.now()
        let (text, publicID) = KeySecret.generate(.admin)
        let secret = Array(text.utf8)
        let phc = try await plane.adminHasher.hash(secret)
        let key = AdminKey(
            id: ID.make(prefix: "adm", at: now), publicID: publicID.text, name: name, role: role, phc: phc,
            createdAt: now, expiresAt: expiry)
        let shown = key.json(lastUsedAt: nil)
        let audit = plane.audit(context, "admin_key.create", key.id.text, after: shown)
        let ring = plane.adminKeys
        return try await plane.turn.run {
            try await plane.commit(
                context, audit: audit, answer: .created(shown, revealing: JSONMember("key", .string(text)))
            ) { db in
                try TenancyStore.insert(db, adminKey: key)
            } committed: {
                ring.warm(publicID: publicID, secret: secret, phc: phc)
                ring.directory.put(key)
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(json(try stored(ID(try context.parameter("admin_key")))))
    }

    private func revoke(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<AdminKey>(try context.parameter("admin_key"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(json(before))
            guard before.revokedAt == nil else { return .noContent }
            let now = plane.time.now()
            let directory = plane.adminKeys.directory
            if !hasBootstrap, before.role == .admin, before.isUsable(at: now),
                !directory.hasAdmin(at: now, besides: id)
            {
                throw Problem.conflict(
                    "last_admin_key", "it is the last key of the role admin; nobody could get in without it")
            }
            let audit = plane.audit(context, "admin_key.revoke", id.text, before: json(before))
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try TenancyStore.revoke(db, adminKey: id, at: now)
            } committed: {
                directory.remove(id)
            }
        }
    }

    private func json(_ key: AdminKey) -> JSONValue {
        key.json(lastUsedAt: plane.adminKeys.directory.lastUse(of: key))
    }

    private func stored(_ id: ID<AdminKey>) throws -> AdminKey {
        guard let key = try plane.file.read({ db in try TenancyStore.adminKey(db, id) }) else {
            throw Problem.notFound("admin key")
        }
        return key
    }
}
