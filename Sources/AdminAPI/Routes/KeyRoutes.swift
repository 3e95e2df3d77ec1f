import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/keys`: the credentials of tenants. A key's text is answered once, when it is made.
struct KeyRoutes: RouteGroup {
    private static let graceLimit: Int64 = 30 * 86_400

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("tenants/{tenant}/keys", .viewers, .list("Lists a tenant's keys", .key), use: list),
            post(
                "tenants/{tenant}/keys", .admins, .creates("Issues a key", .issuedKey, Self.whole), use: create),
            get("keys/{key}", .viewers, .one("Shows a key", .key), use: show),
            patch("keys/{key}", .admins, .takes("Changes a key", .key, Self.part), use: update),
            delete("keys/{key}", .admins, .nothing("Revokes a key at once"), use: revoke),
            post("keys/{key}/rotate", .admins, Self.rotation, use: rotate),
        ]
    }

    @Sendable private static func whole(_ body: JSONObject) {
        _ = body.required("name", .name, else: "")
        part(body)
    }

    @Sendable private static func part(_ body: JSONObject) {
        _ = body.optional("name", .name)
        var key = APIKey.blank
        key.read(settings: body)
    }

    private static let rotation = RouteShape.takes("Adds a secret; those so far end after the grace", .issuedKey) {
        _ = $0.required("grace_seconds", .integer(0...graceLimit), else: 0)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = ID<Tenant>(try context.parameter("tenant"))
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let keys = try plane.file.read { db in
            guard try TenancyStore.tenant(db, tenant) != nil else { throw Problem.notFound("tenant") }
            return try TenancyStore.keys(db, tenant: tenant, after: page.after, limit: page.limit + 1)
                .compactMap { key in try TenancyStore.keyProfile(db, key.id) }
        }
        return .json(page.answer(keys, cursor: \.key.id.text, json: \.json))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = ID<Tenant>(try context.parameter("tenant"))
        let body = try await request.object()
        let now = plane.time.now()
        var key = APIKey(
            id: ID.make(prefix: "key", at: now), tenantID: tenant, publicID: "",
            name: body.required("name", .name, else: ""), createdAt: now)
        key.read(settings: body)
        body.requireFuture("expires_at", key.expiresAt, at: now)
        try body.finish()
        return try await plane.issue(key, context) { profile, text in
            .created(profile.json, revealing: JSONMember("key", .string(text)))
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try plane.keyProfile(ID(try context.parameter("key"))).json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let id = ID<APIKey>(try context.parameter("key"))
        return try await plane.change(id, context, answer: { .ok($0.json) }) { before in
            var key = before.key
            key.name = body.optional("name", .name) ?? key.name
            key.read(settings: body)
            try body.finish()
            return key
        }
    }

    private func revoke(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await request.requireEmptyBody()
        return try await plane.revoke(ID(try context.parameter("key")), context, answer: .noContent)
    }

    /// Adds a secret; the ones before it end after the grace.
    private func rotate(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let id = ID<APIKey>(try context.parameter("key"))
        let grace = body.required("grace_seconds", .integer(0...Self.graceLimit), else: 0)
        try body.finish()
        try plane.requireUsable(try plane.keyProfile(id))
        let (text, publicID) = KeySecret.generate()
        let secret = Array(text.utf8)
        let phc = try await plane.hasher.hash(secret)
        let record = KeySecretRecord(publicID: publicID.text, keyID: id, phc: phc)
        return try await plane.turn.run {
            let before = try plane.keyProfile(id)
            try plane.requireUsable(before)
            let end = plane.time.now().adding(milliseconds: grace * 1000)
            let audit = plane.audit(
                context, "key.rotate", id.text, before: before.json,
                after: ["public_id": .string(publicID.text), "grace_seconds": .integer(grace)])
            let (directory, keyRing) = (plane.directory, plane.keyRing)
            let shown = JSONMember("key", .string(text))
            return try await plane.commit(
                context, audit: audit, answer: { Answer(status: .ok, body: ($0 ?? before).json, secret: shown) }
            ) { db in
                try TenancyStore.addSecret(db, record, retireOthersAt: end)
                return try TenancyStore.keyProfile(db, id)
            } committed: { profile in
                keyRing.warm(publicID: publicID, secret: secret, phc: phc)
                if let profile { directory.put(profile) }
            }
        }
    }
}
