import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/pools/{name}/backends` and `/backends/{id}`: upstream endpoints. Their credential is written, never read.
struct BackendRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("pools/{pool}/backends", .viewers, .list("Lists a pool's backends", .backend), use: list),
            post(
                "pools/{pool}/backends", .admins, .creates("Adds a backend to a pool", .backend, Self.whole),
                use: create),
            get("backends/{backend}", .viewers, .one("Shows a backend", .backend), use: show),
            get("backends/{backend}/health", .viewers, .one("Shows how it is", .backendStatus), use: health),
            post("backends/{backend}/probe", .admins, .one("Asks it now how it is", .probe), use: probe),
            patch("backends/{backend}", .admins, .takes("Changes a backend", .backend, Self.part), use: update),
            delete("backends/{backend}", .admins, .nothing("Deletes a backend without calls"), use: delete),
            post("backends/{backend}/drain", .admins, .one("Gives it no new calls", .backend), use: drain),
            post("backends/{backend}/undrain", .admins, .one("Gives it calls again", .backend), use: undrain),
        ]
    }

    @Sendable private static func whole(_ body: JSONObject) {
        _ = body.required("name", .name, else: "")
        body.require("kind", "base_url")
        read(body, into: .blank)
    }

    @Sendable private static func part(_ body: JSONObject) {
        var backend = BackendDefinition.blank
        backend.probe = ProbeDefinition(path: "/")
        read(body, into: backend)
    }

    private static func read(_ body: JSONObject, into backend: BackendDefinition) {
        var backend = backend
        _ = body.optional("name", .name)
        backend.read(settings: body)
        _ = body.nullable("api_key", .credential)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let pool = try context.parameter("pool")
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let backends = try plane.file.read { db in
            guard try RoutingStore.pool(db, name: pool) != nil else { throw Problem.notFound("pool") }
            return try RoutingStore.snapshot(db).backends.filter { $0.pool == pool }
        }
        return .json(page.cut(backends, cursor: \.id.text, json: \.json))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let pool = try context.parameter("pool")
        let body = try await request.object()
        var backend = BackendDefinition(
            id: ID.make(prefix: "be", at: plane.time.now()),
            pool: pool,
            name: body.required("name", .name, else: ""),
            kind: .openai,
            baseURL: ""
        )
        body.require("kind", "base_url")
        backend.read(settings: body)
        let key = body.nullable("api_key", .credential).value
        try body.finish()
        return try await plane.turn.run {
            if let key { try backend.seal(key: Array(key.utf8), with: plane.masterKey) }
            let created = backend
            let audit = plane.audit(context, "backend.create", created.id.text, after: created.json)
            return try await plane.commit(context, audit: audit, answer: .created(created.json)) { db in
                guard try RoutingStore.pool(db, name: pool) != nil else { throw Problem.notFound("pool") }
                try RoutingStore.insert(db, created)
                return try RoutingStore.snapshot(db)
            } committed: { snapshot in
                plane.install(snapshot)
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(ID(try context.parameter("backend"))).json)
    }

    private func health(_ request: Request, _ context: AdminContext) async throws -> Response {
        let backend = try stored(ID(try context.parameter("backend")))
        guard let status = plane.backendStatus(backend.id) else { throw Problem.notFound("backend") }
        return .json(status.json)
    }

    /// Asks the backend for its health now; the answer counts like that of any probe.
    private func probe(_ request: Request, _ context: AdminContext) async throws -> Response {
        let backend = try stored(ID(try context.parameter("backend")))
        try await request.requireEmptyBody()
        guard let result = await plane.prober.probeNow(backend.id) else { throw Problem.notFound("backend") }
        let answer: JSONValue = [
            "passed": .bool(result.passed),
            "status": .integer(result.status),
            "latency_ms": .integer(result.milliseconds),
            "error": .text(result.error),
            "healthy": .bool(plane.backendStatus(backend.id)?.healthy ?? true),
        ]
        return try await plane.reply(context, .ok(answer))
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<BackendDefinition>(try context.parameter("backend"))
        let body = try await request.object()
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(before.json)
            var backend = before
            backend.name = body.optional("name", .name) ?? backend.name
            backend.read(settings: body)
            let key = body.nullable("api_key", .credential)
            let moved = BackendAddress(backend.baseURL)?.origin != BackendAddress(before.baseURL)?.origin
            if moved, before.sealedKey != nil, case .keep = key {
                body.fail(
                    "api_key", "is required when scheme, host or port of base_url change", code: "api_key_required")
            }
            try body.finish()
            switch key {
            case .keep: break
            case .clear: backend.sealedKey = nil
            case .set(let text): try backend.seal(key: Array(text.utf8), with: plane.masterKey)
            }
            return try await change(backend, before: before, action: "backend.update", context)
        }
    }

    private func drain(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await setDraining(true, request, context)
    }

    private func undrain(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await setDraining(false, request, context)
    }

    private func setDraining(_ flag: Bool, _ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<BackendDefinition>(try context.parameter("backend"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(id)
            var backend = before
            backend.draining = flag
            return try await change(
                backend, before: before, action: flag ? "backend.drain" : "backend.undrain", context)
        }
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<BackendDefinition>(try context.parameter("backend"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(before.json)
            let inFlight = plane.backendStatus(id)?.inFlight ?? 0
            guard inFlight == 0 else {
                throw Problem.conflict("in_use", "the backend has \(inFlight) attempts in flight; drain it first")
            }
            let audit = plane.audit(context, "backend.delete", id.text, before: before.json)
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try RoutingStore.deleteBackend(db, id: id)
                return try RoutingStore.snapshot(db)
            } committed: { snapshot in
                plane.install(snapshot)
            }
        }
    }

    private func change(
        _ backend: BackendDefinition,
        before: BackendDefinition,
        action: String,
        _ context: AdminContext
    ) async throws -> Response {
        // Another credential shows only here: that there is one was known.
        let isReplaced = before.sealedKey != nil && backend.sealedKey != nil && backend.sealedKey != before.sealedKey
        let after = isReplaced ? backend.json.adding("api_key", "replaced") : backend.json
        let audit = plane.audit(context, action, backend.id.text, before: before.json, after: after)
        return try await plane.commit(context, audit: audit, answer: .ok(backend.json)) { db in
            try RoutingStore.update(db, backend)
            return try RoutingStore.snapshot(db)
        } committed: { snapshot in
            plane.install(snapshot)
        }
    }

    private func stored(_ id: ID<BackendDefinition>) throws -> BackendDefinition {
        guard let backend = try plane.file.read({ db in try RoutingStore.backend(db, id: id) }) else {
            throw Problem.notFound("backend")
        }
        return backend
    }
}
