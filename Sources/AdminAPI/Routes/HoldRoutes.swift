import Billing
import Hummingbird
import Tenancy

/// `/holds`: money set aside for calls that run, or that a crash left open.
struct HoldRoutes: RouteGroup {
    private enum State: String, CaseIterable {
        case live
        case uncertain
    }

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("holds", .viewers, Self.page, use: list),
            post("holds/resolve", .admins, Self.many, use: resolveMany),
            post("holds/{hold}/resolve", .admins, Self.one, use: resolveOne),
        ]
    }

    private static let page = RouteShape.list("Lists money set aside", .hold) { query in
        _ = query.choice("state", of: State.self)
        _ = query.text("tenant_id")
        _ = query.page()
    }

    private static let many = RouteShape.takes("Releases uncertain holds of an age", .resolved) { body in
        _ = body.required("older_than", .duration(ages), else: 0)
        _ = body.optional("tenant_id", .reference)
        _ = body.required("release", .flag, else: true)
    }

    private static let one = RouteShape.takes("Charges or releases an uncertain hold", .resolved) { body in
        _ = body.optional("charge", .money)
        _ = body.optional("release", .flag)
    }

    private static let ages: ClosedRange<Int64> = 0...3_153_600_000_000

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let state = query.choice("state", of: State.self)
        let tenant = query.text("tenant_id")
        let page = query.page()
        try query.finish()
        var holds: [StoredHold] = []
        if state != .uncertain { holds += plane.ledger.liveHolds() }
        if state != .live { holds += plane.ledger.uncertainHolds() }
        let chosen = holds.filter { tenant == nil || $0.tenantID.text == tenant }.sorted { $0.id.text < $1.id.text }
        return .json(page.cut(chosen, cursor: \.id.text, json: \.json))
    }

    private func resolveOne(_ request: Request, _ context: AdminContext) async throws -> Response {
        let text = try context.parameter("hold")
        let body = try await request.object()
        let charge = body.optional("charge", .money)
        if let charge, charge > .lineMaximum {
            body.fail("charge", "is out of range", code: "amount_out_of_range")
        }
        let release = body.optional("release", .flag)
        if (charge == nil) == (release == nil) || release == false {
            body.fail("charge", "exactly one of charge and \"release\": true is needed")
        }
        try body.finish()
        guard let id = HoldID(text) else { throw Problem.notFound("hold") }
        guard let hold = plane.ledger.uncertainHolds().first(where: { $0.id == id }) else {
            if plane.ledger.liveHolds().contains(where: { $0.id == id }) {
                throw Problem.conflict("hold_live", "the call is still running; its hold settles by itself")
            }
            throw Problem.notFound("hold")
        }
        let answer = Answer.ok(["resolved": .integer(1)])
        try await resolve(hold, charge: charge, context, answer: answer)
        return answer.response
    }

    private func resolveMany(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let age = body.required("older_than", .duration(Self.ages), else: 0)
        let tenant = body.optional("tenant_id", .reference)
        if body.required("release", .flag, else: true) == false { body.fail("release", "must be true") }
        try body.finish()
        let cutoff = plane.time.now().adding(milliseconds: -age)
        let holds = plane.ledger.uncertainHolds().filter {
            $0.admittedAt <= cutoff && (tenant == nil || $0.tenantID.text == tenant)
        }
        var resolved = 0
        for hold in holds {
            // Another request may have resolved it meanwhile.
            do { try await resolve(hold, charge: nil, context, answer: nil) } catch HoldError.notFound { continue }
            resolved += 1
        }
        // Each hold is a change of its own: a repetition after a crash resolves those that are left.
        return try await plane.reply(context, .ok(["resolved": .integer(resolved)]))
    }

    /// Resolves one hold; an answer that is given is kept with it.
    private func resolve(
        _ hold: StoredHold,
        charge: Money?,
        _ context: AdminContext,
        answer: Answer?
    ) async throws {
        let (record, prove) = (plane.record(context), plane.prove(context))
        let audit = hold.auditEntry(
            charge: charge, by: context.caller.actor, at: plane.time.now(), requestID: context.requestID)
        try await plane.ledger.resolve(hold.id, charge.map { .charge($0) } ?? .release) { db in
            try prove(db)
            try TenancyStore.audit(db, audit)
            if let answer { try record(answer, db) }
        }
    }
}
