import Billing
import Hummingbird
import Tenancy

/// `/prices`: published prices; each is a version that never changes.
struct PriceRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("prices", .financeAndViewers, Self.page, use: list),
            post(
                "prices", .admins,
                .takes("Publishes a price; the same again is 200", .price, statuses: [200, 201]) {
                    _ = PriceVersion($0, at: Timestamp(microseconds: 0))
                }, use: publish),
            get("prices/history", .financeAndViewers, Self.versions, use: history),
        ]
    }

    private static let page = RouteShape.list("Lists prices", .price) { query in
        _ = query.text("model")
        _ = query.page()
    }

    private static let versions = RouteShape.list("Lists a model's prices, the earliest first", .price) { query in
        _ = query.required("model")
        _ = query.page()
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let model = query.text("model")
        let page = query.page()
        try query.finish()
        let prices = try plane.file.read { db in try BillingStore.prices(db) }
            .filter { model == nil || $0.model == model }
            .sorted { $0.id < $1.id }
        return .json(page.cut(prices, cursor: \.id, json: \.json))
    }

    /// One model's versions, the earliest effective first.
    private func history(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let model = query.required("model")
        let page = query.page()
        try query.finish()
        let prices = try plane.file.read { db in try BillingStore.priceHistory(db, model: model) }
            .sorted { cursor($0) < cursor($1) }
        return .json(page.cut(prices, cursor: cursor, json: \.json))
    }

    private func publish(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let price = PriceVersion(body, at: plane.time.now())
        try body.finish()
        let audit = plane.audit(context, "price.publish", price.id, after: price.json)
        let prices = plane.prices
        // The same price again is no change: no audit row, and 200.
        return try await plane.commit(
            context, audit: nil, answer: { $0.id == price.id ? .created($0.json) : .ok($0.json) }
        ) { db in
            let stored = try BillingStore.insert(price, db)
            if stored.id == price.id { try TenancyStore.audit(db, audit) }
            return stored
        } committed: { stored in
            prices.put(stored)
        }
    }

    private func cursor(_ price: PriceVersion) -> String {
        price.effectiveFrom.rfc3339 + " " + price.id
    }
}
