import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/usage` and `/costs`: what was used and what it cost, told apart as asked.
struct UsageRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("usage", .financeAndViewers, .list("What was used, by span", .usage, query: Self.ask), use: show),
            get("costs", .financeAndViewers, .list("What it cost, by span", .usage, query: Self.ask), use: show),
        ]
    }

    @Sendable private static func ask(_ query: inout Query) {
        _ = query.choice("bucket", of: UsageBucket.self)
        _ = query.page()
        for name in [
            "start", "end", "group_by", "time_zone", "tenant_id", "key_id", "model", "pool", "backend_id",
        ] {
            _ = query.text(name)
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        var text = UsageQueryText()
        text.start = query.text("start")
        text.end = query.text("end")
        text.bucket = query.text("bucket")
        text.groupBy = query.text("group_by")
        text.timeZone = query.text("time_zone")
        text.limit = query.text("limit")
        text.after = query.text("after")
        let tenant = query.text("tenant_id").map { ID<Tenant>($0) }
        let key = query.text("key_id").map { ID<APIKey>($0) }
        let (model, pool, backend) = (query.text("model"), query.text("pool"), query.text("backend_id"))
        try query.finish()
        var question: UsageQuery
        let zone = try zone(of: tenant)
        do throws(UsageQueryFault) {
            question = try text.query(in: zone, at: plane.time.now())
        } catch {
            throw Problem.invalid("?\(error.parameter)", error.detail)
        }
        question.tenantIDs = tenant.map { [$0] }
        question.keyIDs = key.map { [$0] }
        question.models = model.map { [$0] }
        question.pool = pool
        question.backendID = backend
        let page = try await plane.ledger.usage(question)
        let names = question.groups.contains(.backend) ? try plane.backendNames() : [:]
        return .json(page.json(question.groups, backendNames: names))
    }

    /// The zone of the only tenant asked for; UTC over all.
    private func zone(of tenant: ID<Tenant>?) throws -> CalendarZone {
        guard let tenant else { return .utc }
        guard let stored = try plane.file.read({ db in try TenancyStore.tenant(db, tenant) }) else {
            throw Problem.unknown("tenant", tenant.text, at: "?tenant_id")
        }
        return CalendarZone(identifier: stored.timeZone) ?? .utc
    }
}
