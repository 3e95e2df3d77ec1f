import Billing
import Hummingbird
import Tenancy

/// `spend_alerts`: amounts of all tenants' spend in a UTC month that raise `spend.threshold`.
struct OrganizationAlertRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            list("spend_alerts", .financeAndViewers, use: list),
            post("spend_alerts", .admins, use: create),
            get("spend_alerts/{organization_alert}", .financeAndViewers, use: show),
            post("spend_alerts/{organization_alert}", .admins, use: update),
            delete("spend_alerts/{organization_alert}", .admins, use: delete),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = OrganizationQuery(request)
        let page = query.page(orders: true)
        try query.finish()
        return .json(page.cut(try alerts(), id: \.id.text, json: \.json))
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(context).json)
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let now = plane.time.now()
        let alert = OrganizationAlert(body, id: ID.make(prefix: "alo", at: now), at: now)
        try body.finish()
        return try await plane.turn.run {
            guard try alerts().count < OrganizationAlert.countAtMost else {
                throw Problem.conflict(
                    "too_many_alerts", "the organization has \(OrganizationAlert.countAtMost) alerts already")
            }
            let audit = plane.audit(context, "organization_alert.create", alert.id.text, after: alert.json)
            return try await plane.commit(context, audit: audit, answer: .ok(alert.json)) { db in
                try OrganizationAlertStore.put(alert, db)
            }
        }
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let old = try stored(context)
        let alert = OrganizationAlert(body, id: old.id, at: old.createdAt)
        try body.finish()
        return try await plane.turn.run {
            let before = try stored(context)
            let audit = plane.audit(
                context, "organization_alert.update", alert.id.text, before: before.json, after: alert.json)
            return try await plane.commit(context, audit: audit, answer: .ok(alert.json)) { db in
                try OrganizationAlertStore.put(alert, db)
            }
        }
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(context)
            try context.requireMatch(before.json)
            let audit = plane.audit(context, "organization_alert.delete", before.id.text, before: before.json)
            let answer = OrganizationShapes.deleted(before.id.text, "organization.spend_alert")
            return try await plane.commit(context, audit: audit, answer: answer) { db in
                try OrganizationAlertStore.delete(before.id, db)
            }
        }
    }

    private func alerts() throws -> [OrganizationAlert] {
        try plane.file.read { db in try OrganizationAlertStore.alerts(db) }
    }

    private func stored(_ context: AdminContext) throws -> OrganizationAlert {
        let id = ID<OrganizationAlert>(try context.parameter("organization_alert"))
        guard let alert = try alerts().first(where: { $0.id == id }) else {
            throw Problem.notFound("spend alert of the organization")
        }
        return alert
    }
}
