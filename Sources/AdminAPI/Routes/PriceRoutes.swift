import Billing
import Hummingbird
import Proxy
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
        _ = query.text("tenant_id")
        _ = query.page()
    }

    private static let versions = RouteShape.list("Lists a model's prices, the earliest first", .price) { query in
        _ = query.required("model")
        _ = query.text("tenant_id")
        _ = query.page()
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let model = query.text("model")
        let tenant = query.text("tenant_id")
        let page = query.page()
        try query.finish()
        let prices = try plane.file.read { db in
            try BillingStore.prices(
                db, model: model, tenant: tenant.map { ID($0) }, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(prices, cursor: \.id, json: \.json))
    }

    /// One model's versions, or those agreed with one tenant, the earliest effective first.
    private func history(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let model = query.required("model")
        let tenant = query.text("tenant_id")
        let page = query.page()
        try query.finish()
        let prices = try plane.file.read { db in try BillingStore.priceHistory(db, model: model) }
            .filter { tenant == nil || $0.tenantID?.text == tenant }
        return .json(page.cut(prices, cursor: cursor, json: \.json))
    }

    private func publish(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let price = PriceVersion(body, at: plane.time.now())
        try body.finish()
        let audit = plane.audit(context, "price.publish", price.id, after: price.json)
        let prices = plane.prices
        // The same price again is no change: no audit row, and 200.
        return try await plane.turn.run {
            try await plane.commit(
                context, audit: nil, answer: { $0.id == price.id ? .created($0.json) : .ok($0.json) }
            ) { db in
                if let id = price.backendID, try RoutingStore.backend(db, id: ID(id)) == nil {
                    throw Problem.unknown("backend", id, at: "/backend_id")
                }
                let stored = try BillingStore.insert(price, db)
                if stored.id == price.id { try TenancyStore.audit(db, audit) }
                return stored
            } committed: { stored in
                prices.put(stored)
            }
        }
    }

    /// In the order of the instants, of one instant in that of ids: the instant as a number that is never negative, and
    /// so has sixteen digits whatever its year.
    private func cursor(_ price: PriceVersion) -> String {
        let instant = UInt64(bitPattern: price.effectiveFrom.microseconds ^ .min)
        return String(instant, radix: 16) + "." + price.id
    }
}
