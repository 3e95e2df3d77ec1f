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
            get("tenants/{tenant}/keys", .viewers, use: list),
            post("tenants/{tenant}/keys", .admins, use: create),
            get("keys/{key}", .viewers, use: show),
            patch("keys/{key}", .admins, use: update),
            delete("keys/{key}", .admins, use: revoke),
            post("keys/{key}/rotate", .admins, use: rotate),
        ]
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
        let (text, publicID) = KeySecret.generate()
        var key = APIKey(
            id: ID.make(prefix: "key", at: now), tenantID: tenant, publicID: publicID.text,
            name: body.required("name", .name, else: ""), createdAt: now)
        key.read(settings: body)
        try body.finish()
        guard plane.directory.tenant(tenant) != nil else { throw Problem.notFound("tenant") }
        let secret = Array(text.utf8)
        let phc = try await plane.hasher.hash(secret)
        let record = KeySecretRecord(publicID: publicID.text, keyID: key.id, phc: phc)
        let profile = KeyProfile(key: key, secrets: [record])
        let audit = plane.audit(context, "key.create", key.id.text, after: profile.json)
        let (directory, keyRing) = (plane.directory, plane.keyRing)
        return try await plane.turn.run {
            try await plane.commit(
                context, audit: audit, answer: .created(profile.json, revealing: JSONMember("key", .string(text)))
            ) { db in
                if let model = try RoutingStore.unknownModel(db, among: profile.key.models ?? []) {
                    throw Problem.unknown("model", model, at: "/models")
                }
                try TenancyStore.insert(db, key: profile.key, secret: record)
            } committed: {
                keyRing.warm(publicID: publicID, secret: secret, phc: phc)
                directory.put(profile)
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(ID(try context.parameter("key"))).json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let id = ID<APIKey>(try context.parameter("key"))
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(before.json)
            var key = before.key
            key.name = body.optional("name", .name) ?? key.name
            key.read(settings: body)
            try body.finish()
            try requireUsable(before)
            return try await change(key, before: before, context)
        }
    }

    private func change(_ key: APIKey, before: KeyProfile, _ context: AdminContext) async throws -> Response {
        let audit = plane.audit(
            context, "key.update", key.id.text, before: before.json,
            after: KeyProfile(key: key, secrets: before.secrets).json)
        let directory = plane.directory
        return try await plane.commit(context, audit: audit, answer: { .ok(($0 ?? before).json) }) { db in
            if let model = try RoutingStore.unknownModel(db, among: key.models ?? []) {
                throw Problem.unknown("model", model, at: "/models")
            }
            try TenancyStore.update(db, key: key)
            return try TenancyStore.keyProfile(db, key.id)
        } committed: { profile in
            if let profile { directory.put(profile) }
        }
    }

    private func revoke(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await request.requireEmptyBody()
        let id = ID<APIKey>(try context.parameter("key"))
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(before.json)
            guard before.key.revokedAt == nil else { return .noContent }
            let audit = plane.audit(context, "key.revoke", id.text, before: before.json)
            let directory = plane.directory
            let now = plane.time.now()
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try TenancyStore.revoke(db, key: id, at: now)
            } committed: {
                directory.remove(key: id)
            }
        }
    }

    /// Adds a secret; the ones before it end after the grace.
    private func rotate(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let id = ID<APIKey>(try context.parameter("key"))
        let grace = body.required("grace_seconds", .integer(0...Self.graceLimit), else: 0)
        try body.finish()
        try requireUsable(try stored(id))
        let (text, publicID) = KeySecret.generate()
        let secret = Array(text.utf8)
        let phc = try await plane.hasher.hash(secret)
        let record = KeySecretRecord(publicID: publicID.text, keyID: id, phc: phc)
        return try await plane.turn.run {
            let before = try stored(id)
            try requireUsable(before)
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

    private func stored(_ id: ID<APIKey>) throws -> KeyProfile {
        let profile = try plane.file.read { db in try TenancyStore.keyProfile(db, id) }
        guard let profile else { throw Problem.notFound("key") }
        return profile
    }

    private func requireUsable(_ profile: KeyProfile) throws(Problem) {
        guard profile.key.revokedAt == nil else {
            throw Problem.conflict("key_revoked", "the key \(profile.key.id) is revoked")
        }
    }
}
