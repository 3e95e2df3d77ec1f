import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/tenants/{id}/entitlements`: the pools and models a tenant may use.
struct EntitlementRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get(
                "tenants/{tenant}/entitlements", .viewers, .one("Shows what a tenant may use", .entitlements),
                use: show),
            put(
                "tenants/{tenant}/entitlements", .admins,
                .takes("Replaces what a tenant may use", .entitlements) { _ = Entitlement.list($0) }, use: put),
        ]
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        guard let profile = plane.directory.tenant(id) else { throw Problem.notFound("tenant") }
        return .json(json(profile.entitlements))
    }

    private func put(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        let body = try await request.object()
        let entitlements = Entitlement.list(body)
        try body.finish()
        return try await plane.turn.run {
            try await store(entitlements, of: id, context)
        }
    }

    private func store(
        _ entitlements: [Entitlement],
        of id: ID<Tenant>,
        _ context: AdminContext
    ) async throws -> Response {
        guard let before = plane.directory.tenant(id) else { throw Problem.notFound("tenant") }
        try context.requireMatch(json(before.entitlements))
        let audit = plane.audit(
            context, "entitlements.put", id.text, before: json(before.entitlements), after: json(entitlements))
        let directory = plane.directory
        return try await plane.commit(context, audit: audit, answer: .ok(json(entitlements))) { db in
            for (index, entitlement) in entitlements.enumerated() {
                guard try RoutingStore.pool(db, name: entitlement.pool) != nil else {
                    throw Problem.unknown("pool", entitlement.pool, at: "/pools/\(index)/pool")
                }
                if let model = try RoutingStore.unknownModel(db, among: entitlement.models) {
                    throw Problem.unknown("model", model, at: "/pools/\(index)/models")
                }
            }
            try TenancyStore.putEntitlements(db, tenant: id, entitlements)
            return try TenancyStore.profile(db, id)
        } committed: { profile in
            if let profile { directory.put(profile) }
        }
    }

    private func json(_ entitlements: [Entitlement]) -> JSONValue {
        ["pools": .array(entitlements.map(\.json))]
    }
}
