import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/pools`: interchangeable backends with one purpose.
struct PoolRoutes: RouteGroup {
    private enum Expansion: String, CaseIterable {
        case backends
    }

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("pools", .viewers, Self.page, use: list),
            post("pools", .admins, .creates("Makes a pool", .pool, Self.whole), use: create),
            get("pools/{pool}", .viewers, .one("Shows a pool", .pool), use: show),
            patch("pools/{pool}", .admins, .takes("Changes a pool", .pool, Self.part), use: update),
            delete("pools/{pool}", .admins, .nothing("Deletes a pool that nothing uses"), use: delete),
        ]
    }

    private static let page = RouteShape.list("Lists pools", .poolWithBackends) { query in
        _ = query.choice("expand", of: Expansion.self)
        _ = query.page()
    }

    @Sendable private static func whole(_ body: JSONObject) {
        _ = body.required("name", .name, else: "")
        part(body)
    }

    @Sendable private static func part(_ body: JSONObject) {
        var pool = PoolDefinition(name: "")
        pool.read(settings: body)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let withBackends = query.choice("expand", of: Expansion.self) == .backends
        let page = query.page()
        try query.finish()
        let snapshot = try plane.file.read { db in try RoutingStore.snapshot(db) }
        let backends = withBackends ? Dictionary(grouping: snapshot.backends, by: \.pool) : [:]
        return .json(
            page.cut(snapshot.pools, cursor: \.name) { pool in
                withBackends ? pool.json.adding("backends", .array((backends[pool.name] ?? []).map(\.json))) : pool.json
            })
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        var pool = PoolDefinition(name: body.required("name", .name, else: ""))
        pool.read(settings: body)
        try body.finish()
        let created = pool
        let audit = plane.audit(context, "pool.create", pool.name, after: pool.json)
        return try await plane.commit(context, audit: audit, answer: .created(created.json)) { db in
            try RoutingStore.insert(db, created)
            return try RoutingStore.snapshot(db)
        } committed: { snapshot in
            plane.install(snapshot)
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(try context.parameter("pool")).json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let name = try context.parameter("pool")
        let body = try await request.object()
        return try await plane.turn.run {
            let before = try stored(name)
            try context.requireMatch(before.json)
            var pool = before
            pool.read(settings: body)
            if body.has("name") { body.fail("name", "cannot be changed; pools cannot be renamed") }
            try body.finish()
            let changed = pool
            let audit = plane.audit(context, "pool.update", name, before: before.json, after: pool.json)
            return try await plane.commit(context, audit: audit, answer: .ok(changed.json)) { db in
                try RoutingStore.update(db, changed)
                return try RoutingStore.snapshot(db)
            } committed: { snapshot in
                plane.install(snapshot)
            }
        }
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let name = try context.parameter("pool")
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(name)
            try context.requireMatch(before.json)
            try plane.requireUnused(pool: name)
            let audit = plane.audit(context, "pool.delete", name, before: before.json)
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try RoutingStore.deletePool(db, name: name)
                return try RoutingStore.snapshot(db)
            } committed: { snapshot in
                plane.install(snapshot)
            }
        }
    }

    private func stored(_ name: String) throws -> PoolDefinition {
        guard let pool = try plane.file.read({ db in try RoutingStore.pool(db, name: name) }) else {
            throw Problem.notFound("pool")
        }
        return pool
    }
}
