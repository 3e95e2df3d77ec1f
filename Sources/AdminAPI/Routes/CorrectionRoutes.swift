import Billing
import Hummingbird
import Tenancy

/// `/periods/{period}/corrections`: later changes to a closed month, booked in the open one.
struct CorrectionRoutes: RouteGroup {
    static let resource = "corrections"

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get(
                "periods/{period}/corrections", .financeAndViewers, .list("Lists corrections of a month", .correction),
                use: list),
            post("periods/{period}/corrections", .finance, Self.whole, use: create),
        ]
    }

    private static let whole = RouteShape.creates("Corrects a closed month in the open one", .correction) {
        let start = Timestamp(microseconds: 0)
        _ = Correction($0, of: BillingPeriod(containing: start), by: "", at: start)
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let month = try context.month(begunBy: plane.time.now())
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let corrections = try plane.file.read { db in
            try CorrectionStore.corrections(db, to: month, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(corrections, cursor: \.id.text, json: \.json))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let month = try context.month()
        let body = try await request.object()
        let asked = Correction(body, of: month, by: context.caller.actor, at: plane.time.now())
        try body.finish()
        if let keyID = asked.keyID {
            let key = try plane.file.read { try TenancyStore.key($0, keyID) }
            guard key?.tenantID == asked.tenantID else { throw Problem.unknown("key", keyID.text, at: "/key_id") }
        }
        let (plane, record, prove) = (plane, plane.record(context), plane.prove(context))
        let booked = try await plane.ledger.correct(asked) { correction, db in
            try prove(db)
            let json = correction.json
            try TenancyStore.audit(db, plane.audit(context, "period.correct", month.text, after: json))
            try record(.created(json), db)
        }
        return Answer.created(booked.json).response
    }
}
