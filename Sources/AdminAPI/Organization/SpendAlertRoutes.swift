import Billing
import Hummingbird
import Tenancy

/// `spend_alerts`: amounts of a tenant's monthly spend that raise `budget.threshold`, counted by its soft monthly
/// budget.
struct SpendAlertRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        let path = "projects/{project}/spend_alerts"
        return [
            list(path, .financeAndViewers, use: list),
            post(path, .admins, use: create),
            get(path + "/{alert}", .financeAndViewers, use: show),
            post(path + "/{alert}", .admins, use: update),
            delete(path + "/{alert}", .admins, use: delete),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = try plane.project(context).tenant.id
        var query = OrganizationQuery(request)
        let page = query.page(orders: true)
        try query.finish()
        return .json(page.cut(try alerts(of: tenant), id: \.id.text, json: \.json))
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(context).json)
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = try plane.project(context).tenant.id
        let body = try await request.object()
        let now = plane.time.now()
        let asked = SpendAlert(body, id: ID.make(prefix: "alr", at: now), of: tenant, at: now)
        try body.finish()
        return try await plane.turn.run {
            _ = try plane.active(tenant)
            let others = try alerts(of: tenant)
            guard others.count < SpendAlert.countAtMost else {
                throw Problem.conflict("too_many_alerts", "the project has \(SpendAlert.countAtMost) alerts already")
            }
            let budget = try plane.monthlyBudget(of: tenant, .soft)
            var alert = asked
            alert.madeBudget = others.first?.madeBudget ?? (budget == nil)
            alert.budgetID = budget?.id ?? ID.make(prefix: "bud", at: now)
            let change = Change(
                budget: budget
                    ?? Budget(
                        id: alert.budgetID, tenantID: tenant, limit: alert.amount, window: .month, mode: .soft,
                        createdAt: now),
                isNew: budget == nil, alerts: others + [alert], isMade: alert.madeBudget)
            let audit = plane.audit(context, "spend_alert.create", alert.id.text, after: audited(alert))
            return try await store(change, audit, context, answer: .ok(alert.json)) { [alert] db in
                try SpendAlertStore.put(alert, db)
            }
        }
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let old = try stored(context)
        let asked = SpendAlert(body, id: old.id, of: old.tenantID, at: old.createdAt)
        try body.finish()
        return try await plane.turn.run {
            let before = try stored(context)
            var alert = asked
            (alert.budgetID, alert.madeBudget) = (before.budgetID, before.madeBudget)
            let alerts = try alerts(of: before.tenantID).map { $0.id == alert.id ? alert : $0 }
            let audit = plane.audit(
                context, "spend_alert.update", alert.id.text, before: audited(before), after: audited(alert))
            let change = Change(
                budget: try budget(of: before), isNew: false, alerts: alerts, isMade: alert.madeBudget)
            return try await store(change, audit, context, answer: .ok(alert.json)) { [alert] db in
                try SpendAlertStore.put(alert, db)
            }
        }
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(context)
            try context.requireMatch(before.json)
            let others = try alerts(of: before.tenantID).filter { $0.id != before.id }
            let audit = plane.audit(context, "spend_alert.delete", before.id.text, before: audited(before))
            let change = Change(
                budget: try budget(of: before), isNew: false, alerts: others, isMade: before.madeBudget)
            let answer = OrganizationShapes.deleted(before.id.text, "project.spend_alert")
            return try await store(change, audit, context, answer: answer) { db in
                try SpendAlertStore.delete(before.id, db)
            }
        }
    }

    // MARK: The budget that counts

    /// What a change of alerts makes of their budget.
    private struct Change {
        let budget: Budget
        let isNew: Bool
        let alerts: [SpendAlert]
        let isMade: Bool
    }

    /// Stores the alerts and their budget in one transaction.
    private func store(
        _ change: Change,
        _ audit: AuditEntry,
        _ context: AdminContext,
        answer: Answer,
        alert: @escaping @Sendable (TenancyStore.Transaction) throws -> Void
    ) async throws -> Response {
        let ledger = plane.ledger
        let id = change.budget.id
        let wanted = SpendAlert.budget(change.budget, for: change.alerts, isMade: change.isMade)
        let isNew = change.isNew
        let budgetAudit = budgetAudit(context, id, from: isNew ? nil : change.budget, to: wanted)
        return try await plane.commit(context, audit: audit, answer: answer) { db -> BudgetOpening? in
            if let budgetAudit { try TenancyStore.audit(db, budgetAudit) }
            guard let wanted else {
                try BillingStore.deleteBudget(id, db)
                return nil
            }
            let opening = isNew ? try ledger.insert(wanted, db) : try ledger.update(wanted, db)
            try alert(db)
            return opening
        } committed: { opening in
            if let opening { ledger.committed(opening) } else { ledger.removed(id) }
        }
    }

    /// What the log says of the budget itself; nil if it stays as it is.
    private func budgetAudit(
        _ context: AdminContext, _ id: ID<Budget>, from before: Budget?, to after: Budget?
    ) -> AuditEntry? {
        guard before != after else { return nil }
        let action = before == nil ? "budget.create" : after == nil ? "budget.delete" : "budget.update"
        return plane.audit(context, action, id.text, before: before?.json, after: after?.json)
    }

    private func alerts(of tenant: ID<Tenant>) throws -> [SpendAlert] {
        try plane.file.read { db in try SpendAlertStore.alerts(db, tenant: tenant) }
    }

    private func stored(_ context: AdminContext) throws -> SpendAlert {
        let tenant = try plane.project(context).tenant.id
        let id = ID<SpendAlert>(try context.parameter("alert"))
        guard let alert = try alerts(of: tenant).first(where: { $0.id == id }) else {
            throw Problem.notFound("spend alert of the project")
        }
        return alert
    }

    private func budget(of alert: SpendAlert) throws -> Budget {
        guard let budget = try plane.file.read({ db in try BillingStore.budget(db, alert.budgetID) }) else {
            throw Problem.notFound("spend alert of the project")
        }
        return budget
    }

    private func audited(_ alert: SpendAlert) -> JSONValue {
        alert.json.adding("tenant_id", .string(alert.tenantID.text)).adding(
            "budget_id", .string(alert.budgetID.text))
    }
}
