import Billing
import Hummingbird
import Tenancy

/// `/periods`: billing months, and their way from open to closed.
struct PeriodRoutes: RouteGroup {
    static let resource = "periods"

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("periods", .financeAndViewers, .list("Lists billing months, the latest first", .period), use: list),
            get("periods/{period}", .financeAndViewers, .one("Shows a billing month", .period), use: show),
            post("periods/{period}/close", .finance, Self.closing, use: close),
        ]
    }

    private static let graces: ClosedRange<Int64> = 0...2_678_400_000

    private static let closing = RouteShape.takes("Closes a month once its grace is over", .period) {
        _ = $0.optional("grace", .duration(graces))
    }.withOptionalBody

    /// The latest month first.
    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let now = plane.time.now()
        let fetched = try plane.file.read { db in
            let periods = try PeriodStore.periods(db, at: now)
            let rest = page.after.map { after in periods.filter { $0.month.text < after } } ?? periods
            return try rest.prefix(page.limit + 1).map { try PeriodView(db, $0, plane.ledger) }
        }
        return .json(page.answer(fetched, cursor: \.period.month.text, json: \.json))
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let month = try context.month(begunBy: plane.time.now())
        return .json(try plane.file.read { try PeriodView($0, PeriodStore.period($0, month), plane.ledger) }.json)
    }

    /// Starts the grace, or starts it anew; the month closes by itself. A closed one is answered as it is.
    private func close(_ request: Request, _ context: AdminContext) async throws -> Response {
        // One that has not begun has not ended either, and is told so.
        let month = try context.month()
        let body = try await request.optionalObject()
        let grace = body.optional("grace", .duration(Self.graces)) ?? plane.closeGraceMS
        try body.finish()
        let (plane, now) = (plane, plane.time.now())
        return try await plane.commit(context, audit: nil, answer: { (view: PeriodView) in .ok(view.json) }) { db in
            let before = try PeriodView(db, PeriodStore.period(db, month), plane.ledger)
            let asked = try PeriodCloser.request(month, graceMS: grace, by: context.caller.actor, at: now, db)
            guard asked != before.period else { return before }
            let after = try PeriodView(db, asked, plane.ledger)
            try TenancyStore.audit(
                db, plane.audit(context, "period.close", month.text, before: before.json, after: after.json))
            return after
        } committed: { _ in
            Task { await plane.periods.sweep() }
        }
    }
}
