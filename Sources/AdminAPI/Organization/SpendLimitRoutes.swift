import Billing
import Hummingbird
import Tenancy

/// `spend_limit`: the hard monthly budget over all that a tenant spends.
struct SpendLimitRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        let path = "projects/{project}/spend_limit"
        return [
            get(path, .financeAndViewers, use: show),
            post(path, .admins, use: put),
            delete(path, .admins, use: delete),
            get("spend_limit", .financeAndViewers, use: showOrganization),
            post("spend_limit", .admins, use: putOrganization),
            delete("spend_limit", .admins, use: deleteOrganization),
        ]
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let budget = try stored(of: try plane.project(context).tenant.id)
        return .json(json(budget), tagging: budget.json)
    }

    private func put(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let limit = body.monthlyAmount()
        try body.finish()
        return try await plane.turn.run {
            let tenant = try plane.project(context).tenant.id
            guard let before = try limitBudget(of: tenant) else {
                let now = plane.time.now()
                let budget = Budget(
                    id: ID.make(prefix: "bud", at: now), tenantID: tenant, limit: limit, window: .month,
                    createdAt: now)
                return try await plane.insert(budget, context, answer: .ok(json(budget)))
            }
            var budget = before
            budget.limit = limit
            return try await plane.update(budget, before: before, context, answer: .ok(json(budget)))
        }
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let budget = try stored(of: try plane.project(context).tenant.id)
            try context.requireMatch(budget.json)
            return try await plane.delete(
                budget, context, answer: OrganizationShapes.deleted(nil, "project.spend_limit"))
        }
    }

    // MARK: Over all tenants

    // A cap is one tenant's: no account over all of them could refuse, and what cannot refuse is no limit.

    private func showOrganization(_ request: Request, _ context: AdminContext) async throws -> Response {
        throw Problem.notFound("spend limit of the organization; each project has its own")
    }

    private func putOrganization(_ request: Request, _ context: AdminContext) async throws -> Response {
        throw Problem(
            status: .badRequest, code: "unsupported_parameter",
            detail: "a hard limit over all projects cannot be set; set one for each project")
    }

    private func deleteOrganization(_ request: Request, _ context: AdminContext) async throws -> Response {
        throw Problem.notFound("spend limit of the organization; each project has its own")
    }

    // MARK: The budget

    private func stored(of tenant: ID<Tenant>) throws -> Budget {
        guard let budget = try limitBudget(of: tenant) else { throw Problem.notFound("spend limit of the project") }
        return budget
    }

    private func limitBudget(of tenant: ID<Tenant>) throws -> Budget? {
        try plane.monthlyBudget(of: tenant, .hard)
    }

    private func json(_ budget: Budget) -> JSONValue {
        let state = plane.ledger.state(budget.id)
        // The raises of the moment over the limit that is being set, which the ledger does not have before the commit.
        let limit = (state?.raises.map(\.limit) ?? []).reduce(budget.limit, max)
        let isEnforcing = state.map { $0.posted + $0.held >= limit } ?? (limit == .zero)
        return [
            "object": "project.spend_limit",
            "currency": "USD",
            "interval": "month",
            "threshold_amount": OrganizationShapes.cents(budget.limit),
            "enforcement": ["status": isEnforcing ? "enforcing" : "inactive"],
        ]
    }
}

extension ControlPlane {
    /// The tenant's budget of a month over all it spends; there is at most one of a mode.
    func monthlyBudget(of tenant: ID<Tenant>, _ mode: BudgetMode) throws -> Budget? {
        try file.read { db in try BillingStore.budgets(db, tenant: tenant) }.first { budget in
            budget.keyID == nil && budget.model == nil && budget.pool == nil && budget.window == .month
                && budget.mode == mode
        }
    }
}
