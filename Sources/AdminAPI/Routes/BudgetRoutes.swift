import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/budgets`: spend caps and their figures.
struct BudgetRoutes: RouteGroup {
    private enum Expansion: String, CaseIterable {
        case state
    }

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("budgets", .financeAndViewers, Self.page, use: list),
            post(
                "budgets", .admins, .creates("Makes a budget", .budget) { _ = Budget($0, at: Self.start) },
                use: create),
            get("budgets/{budget}", .financeAndViewers, .one("Shows a budget", .budgetWithRaises), use: show),
            get("budgets/{budget}/state", .financeAndViewers, .one("Shows its figures now", .budgetState), use: state),
            patch("budgets/{budget}", .admins, Self.part, use: update),
            delete("budgets/{budget}", .admins, .nothing("Deletes a budget"), use: delete),
        ]
    }

    private static let start = Timestamp(microseconds: 0)

    private static let page = RouteShape.list("Lists budgets", .budgetWithState) { query in
        _ = query.choice("expand", of: Expansion.self)
        _ = query.text("tenant_id")
        _ = query.page()
    }

    private static let part = RouteShape.takes("Changes limit and alerts; the rest is its identity", .budget) {
        var budget = Budget(JSONObject([]), at: start)
        budget.read(settings: $0)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let tenant = query.text("tenant_id")
        let withState = query.choice("expand", of: Expansion.self) == .state
        let page = query.page()
        try query.finish()
        let budgets = try plane.file.read { db in
            // An archived tenant's are history: they are listed to who asks for that tenant.
            try BillingStore.budgets(
                db, tenant: tenant.map { ID($0) }, besidesArchived: tenant == nil, after: page.after,
                limit: page.limit + 1)
        }
        let ledger = plane.ledger
        return .json(
            page.answer(budgets, cursor: \.id.text) { budget in
                guard withState, let state = ledger.state(budget.id) else { return budget.json }
                return budget.json.adding("state", state.json)
            })
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let budget = Budget(body, at: plane.time.now())
        try body.finish()
        // Calls are matched with a budget's model by its name: a budget of `*` would cap none of them.
        guard budget.model != "*" else {
            throw Problem.invalid(
                "/model", "must name one model; leave it out to cap all of them", code: "unknown_model")
        }
        return try await plane.turn.run {
            try requireScope(of: budget)
            return try await plane.insert(budget, context, answer: .created(budget.json)) { db in
                if let pool = budget.pool, try RoutingStore.pool(db, name: pool) == nil {
                    throw Problem.unknown("pool", pool, at: "/pool")
                }
                if let model = try RoutingStore.unknownModel(db, among: budget.model.map { [$0] } ?? []) {
                    throw Problem.unknown("model", model, at: "/model")
                }
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        let (budget, now) = (try stored(id), plane.time.now())
        let raises = plane.ledger.state(id)?.raises ?? []
        return .json(
            budget.json.adding("raises", .array(raises.map { $0.json(at: now) })), tagging: budget.json)
    }

    private func state(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        guard let state = plane.ledger.state(id) else { throw Problem.notFound("budget") }
        return .json(state.json)
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        let body = try await request.object()
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(before.json)
            var budget = before
            budget.read(settings: body)
            try body.finish()
            return try await plane.update(budget, before: before, context, answer: .ok(budget.json))
        }
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(id)
            try context.requireMatch(before.json)
            return try await plane.delete(before, context, answer: .noContent)
        }
    }

    /// The tenant and key the budget names must be there, and belong together.
    private func requireScope(of budget: Budget) throws(Problem) {
        guard plane.directory.tenant(budget.tenantID) != nil else {
            throw Problem.unknown("tenant", budget.tenantID.text, at: "/tenant_id")
        }
        guard let keyID = budget.keyID else { return }
        guard plane.directory.key(keyID)?.key.tenantID == budget.tenantID else {
            throw Problem.unknown("key", keyID.text, at: "/key_id")
        }
    }

    private func stored(_ id: ID<Budget>) throws -> Budget {
        guard let budget = try plane.file.read({ db in try BillingStore.budget(db, id) }) else {
            throw Problem.notFound("budget")
        }
        return budget
    }
}
