import Billing
import Hummingbird
import Tenancy

/// `/tenants/{id}/credits`: what a tenant paid ahead or was granted, appended and never changed.
struct CreditRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get(
                "tenants/{tenant}/credits", .financeAndViewers,
                .list("Lists a tenant's credits", .credit, beside: [JSONMember("totals", Credit.json([:]))]),
                use: list),
            post(
                "tenants/{tenant}/credits", .finance,
                .creates("Records what a tenant paid or was granted", .credit) {
                    _ = Credit($0, of: ID(""), by: "", at: Timestamp(microseconds: 0))
                }, use: create),
        ]
    }

    /// A page of credits, and what all of them together come to.
    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let (credits, sums) = try plane.file.read { db in
            guard try TenancyStore.tenant(db, id) != nil else { throw Problem.notFound("tenant") }
            let page = try CreditStore.credits(db, tenant: id, after: page.after, limit: page.limit + 1)
            return (page, try CreditStore.sums(db, tenant: id))
        }
        guard case .object(let members) = page.answer(credits, cursor: \.id.text, json: \.json) else {
            throw Problem.internalError
        }
        return .json(.object(members + [JSONMember("totals", Credit.json(sums))]))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        let body = try await request.object()
        let credit = Credit(body, of: id, by: context.caller.actor, at: plane.time.now())
        try body.finish()
        let audit = { @Sendable [plane] (recorded: Credit) in
            plane.audit(context, "tenant.credit", id.text, after: recorded.json)
        }
        return try await plane.commit(context, audit: nil, answer: { (recorded: Credit) in .created(recorded.json) }) {
            db in
            guard let tenant = try TenancyStore.tenant(db, id), tenant.archivedAt == nil else {
                throw Problem.notFound("tenant")
            }
            let recorded = try CreditStore.record(credit, db)
            try TenancyStore.audit(db, audit(recorded))
            return recorded
        }
    }
}
