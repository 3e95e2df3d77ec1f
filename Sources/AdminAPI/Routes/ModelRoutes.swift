import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/models`: what clients may ask for and the pools that serve it. Names may hold `/`.
struct ModelRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("models", .viewers, .list("Lists models", .model), use: list),
            put(
                "models/{model...}", .admins,
                .takes("Makes a model, or replaces it", .model, statuses: [200, 201]) {
                    _ = ModelDefinition(name: "", $0, at: Timestamp(microseconds: 0))
                }, use: put),
            get("models/{model...}", .viewers, .one("Shows a model", .model), use: show),
            delete("models/{model...}", .admins, .nothing("Deletes a model that nothing names"), use: delete),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let models = try plane.file.read { db in try RoutingStore.snapshot(db).models }
        return .json(page.cut(models, cursor: \.name, json: \.json))
    }

    private func put(_ request: Request, _ context: AdminContext) async throws -> Response {
        let name = try context.parameter("model")
        do throws(FieldFault) {
            _ = try FieldRule<String>.name.read(.string(name))
        } catch {
            throw Problem.invalid("/name", error.detail)
        }
        guard name != "*" else { throw Problem.invalid("/name", "must not be *, which stands for all models") }
        let body = try await request.object()
        let model = ModelDefinition(name: name, body, at: plane.time.now())
        try body.finish()
        return try await plane.turn.run {
            let before = try plane.file.read { db in try RoutingStore.model(db, name: name) }
            try context.requireMatch(before?.json)
            var stored = model
            stored.createdAt = before?.createdAt ?? model.createdAt
            let definition = stored
            let audit = plane.audit(
                context, before == nil ? "model.create" : "model.update", name,
                before: before?.json, after: definition.json)
            let answer = before == nil ? Answer.created(definition.json) : .ok(definition.json)
            return try await plane.commit(context, audit: audit, answer: answer) { db in
                for (index, target) in definition.targets.enumerated() {
                    guard try RoutingStore.pool(db, name: target.pool) != nil else {
                        throw Problem.unknown("pool", target.pool, at: "/targets/\(index)/pool")
                    }
                }
                try RoutingStore.put(db, definition)
                try RoutingHistoryStore.note(db, definition, at: model.createdAt)
                return try RoutingStore.snapshot(db)
            } committed: { snapshot in
                plane.install(snapshot)
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(try context.parameter("model")).json)
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let name = try context.parameter("model")
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(name)
            try context.requireMatch(before.json)
            try plane.requireUnused(model: name)
            let audit = plane.audit(context, "model.delete", name, before: before.json)
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try RoutingStore.deleteModel(db, name: name)
                return try RoutingStore.snapshot(db)
            } committed: { snapshot in
                plane.install(snapshot)
            }
        }
    }

    private func stored(_ name: String) throws -> ModelDefinition {
        guard let model = try plane.file.read({ db in try RoutingStore.model(db, name: name) }) else {
            throw Problem.notFound("model")
        }
        return model
    }
}
