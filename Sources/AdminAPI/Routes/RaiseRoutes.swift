import Billing
import Hummingbird
import Tenancy

/// `/budgets/{id}/raises`: higher limits until an instant.
struct RaiseRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("budgets/{budget}/raises", .financeAndViewers, .list("Lists a budget's raises", .raise), use: list),
            post("budgets/{budget}/raises", .admins, Self.whole, use: create),
            get("budgets/{budget}/raises/{raise}", .financeAndViewers, .one("Shows a raise", .raise), use: show),
            delete("budgets/{budget}/raises/{raise}", .admins, .nothing("Ends a raise before its time"), use: end),
        ]
    }

    private static let whole = RouteShape.creates("Raises a budget's limit until an instant", .raise) {
        _ = BudgetRaise($0, of: ID(""), at: Timestamp(microseconds: 0))
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let now = plane.time.now()
        let raises = try plane.file.read { db in
            guard try BillingStore.budget(db, id) != nil else { throw Problem.notFound("budget") }
            return try BudgetRaiseStore.raises(db, budget: id, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(raises, cursor: \.id.text) { $0.json(at: now) })
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        let body = try await request.object()
        let now = plane.time.now()
        let raise = BudgetRaise(body, of: id, at: now)
        try body.finish()
        return try await plane.turn.run {
            let budget = try budget(id)
            guard raise.limit > budget.limit else {
                throw Problem.invalid(
                    "/limit", "must be above the budget's own limit of \(budget.limit.decimal)", code: "not_a_raise")
            }
            let audit = plane.audit(context, "budget.raise", id.text, after: audited(raise, of: budget, at: now))
            let ledger = plane.ledger
            return try await plane.commit(context, audit: audit, answer: .created(raise.json(at: now))) { db in
                let running = try ledger.insert(raise, db)
                guard running.count <= BudgetRaise.runningAtMost else {
                    throw Problem.conflict(
                        "too_many_raises", "\(BudgetRaise.runningAtMost) raises of the budget run already")
                }
                return running
            } committed: { running in
                ledger.committed(running, of: id)
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        let raiseID = ID<BudgetRaise>(try context.parameter("raise"))
        guard let raise = try stored(raiseID, of: id) else { throw Problem.notFound("raise") }
        return .json(raise.json(at: plane.time.now()))
    }

    /// Ends a raise before its time; it stays in the list.
    private func end(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        let raiseID = ID<BudgetRaise>(try context.parameter("raise"))
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let now = plane.time.now()
            guard let before = try stored(raiseID, of: id), before.isRunning(at: now) else {
                throw Problem.notFound("raise that runs")
            }
            try context.requireMatch(before.json(at: now))
            let audit = plane.audit(
                context, "budget.raise.end", id.text, before: audited(before, of: try budget(id), at: now))
            let ledger = plane.ledger
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try ledger.end(raiseID, of: id, at: now, db)
            } committed: { running in
                ledger.committed(running, of: id)
            }
        }
    }

    private func budget(_ id: ID<Budget>) throws -> Budget {
        guard let budget = try plane.file.read({ db in try BillingStore.budget(db, id) }) else {
            throw Problem.notFound("budget")
        }
        return budget
    }

    /// The raise as the audit log has it, which is asked for what was done to a tenant's.
    private func audited(_ raise: BudgetRaise, of budget: Budget, at now: Timestamp) -> JSONValue {
        raise.json(at: now).adding("tenant_id", .string(budget.tenantID.text))
    }

    private func stored(_ id: ID<BudgetRaise>, of budget: ID<Budget>) throws -> BudgetRaise? {
        try plane.file.read { db in try BudgetRaiseStore.raise(db, id, budget: budget) }
    }
}
