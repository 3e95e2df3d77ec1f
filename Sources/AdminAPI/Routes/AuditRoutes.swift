import HTTPTypes
import Hummingbird
import Tenancy

/// `/audit-log`: who changed what, the newest first. Finance sees what it did itself.
struct AuditRoutes: RouteGroup {
    private enum Order: String, CaseIterable {
        case asc
        case desc
    }

    let plane: ControlPlane

    var routes: [AdminRoute] { [get("audit-log", .financeOwn, Self.page, use: list)] }

    private static let page = RouteShape.list("Lists who changed what", .auditEntry) { query in
        for name in ["actor", "action", "subject", "request_id"] { _ = query.text(name) }
        _ = query.instant("start")
        _ = query.instant("end")
        _ = query.choice("order", of: Order.self)
        _ = query.page()
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        var filter = AuditFilter()
        filter.actor = query.text("actor")
        filter.action = query.text("action")
        filter.subject = query.text("subject")
        filter.requestID = query.text("request_id")
        filter.start = query.instant("start")
        filter.end = query.instant("end")
        let order = query.choice("order", of: Order.self) ?? .desc
        let page = query.page()
        let after = query.whole(page.after, "after")
        try query.finish()
        if context.grant == .own {
            guard filter.actor == nil || filter.actor == context.caller.actor else {
                throw Problem.roleNotAllowed(context.caller.role)
            }
            filter.actor = context.caller.actor
        }
        let wanted = filter
        let records = try plane.file.read { db in
            try TenancyStore.auditRecords(
                db, wanted, newestFirst: order == .desc, after: after, limit: page.limit + 1)
        }
        return .json(page.answer(records, cursor: { String($0.sequence) }, json: \.json))
    }
}
