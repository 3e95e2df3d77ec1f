import Billing
import Hummingbird
import Tenancy

/// `/requests`: single calls and their attempts, as the ledger has them; never what was said in them.
struct RequestRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("requests", .financeAndViewers, Self.page, use: list),
            get("requests/{request}", .financeAndViewers, .one("Shows a call and its attempts", .request), use: show),
        ]
    }

    private static let page = RouteShape.list("Lists calls, the newest first", .request) { query in
        for name in ["tenant_id", "key_id", "model", "pool", "backend_id", "status"] { _ = query.text(name) }
        _ = query.instant("start")
        _ = query.instant("end")
        _ = query.page()
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        var question = RequestQuery()
        question.tenantID = query.text("tenant_id")
        question.keyID = query.text("key_id")
        question.model = query.text("model")
        question.pool = query.text("pool")
        question.backendID = query.text("backend_id")
        question.ending = query.ending("status")
        question.start = query.instant("start")
        question.end = query.instant("end")
        let page = query.page()
        try query.finish()
        question.limit = page.limit
        question.after = page.after
        let (records, next) = try await plane.ledger.requests(question)
        let names = try plane.backendNames()
        return .json([
            "data": .array(records.map { $0.json(backendNames: names) }),
            "has_more": .bool(next != nil),
            "next": .text(next),
        ])
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = try context.parameter("request")
        guard let record = try await plane.ledger.request(id) else { throw Problem.notFound("request") }
        return .json(record.json(backendNames: try plane.backendNames()))
    }
}

extension Query {
    /// How a request ended: a backend's HTTP status, or an outcome's word.
    fileprivate mutating func ending(_ name: String) -> RequestQuery.Ending? {
        guard let text = text(name) else { return nil }
        if let status = Int(text), 0...999 ~= status { return .status(status) }
        if let outcome = AttemptOutcome(rawValue: text) { return .outcome(outcome) }
        let words = AttemptOutcome.allCases.map(\.rawValue).joined(separator: ", ")
        fail(name, "must be an HTTP status or one of \(words)")
        return nil
    }
}
