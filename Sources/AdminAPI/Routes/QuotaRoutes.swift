import Billing
import Hummingbird
import Tenancy

/// `/tenants/{id}/quotas` and `/keys/{id}/quotas`: ceilings on requests and tokens.
struct QuotaRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("tenants/{tenant}/quotas", .viewers, .one("Shows a tenant's quotas", .quota), use: showTenant),
            put("tenants/{tenant}/quotas", .admins, Self.whole, use: putTenant),
            get("keys/{key}/quotas", .viewers, .one("Shows a key's quotas", .quota), use: showKey),
            put("keys/{key}/quotas", .admins, Self.whole, use: putKey),
        ]
    }

    private static let whole = RouteShape.takes("Replaces all quotas; what is left out does not bind", .quota) {
        _ = Quota($0)
    }

    private func showTenant(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        guard let profile = plane.directory.tenant(id) else { throw Problem.notFound("tenant") }
        return .json(profile.quota.json)
    }

    private func showKey(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<APIKey>(try context.parameter("key"))
        guard let profile = plane.directory.key(id) else { throw Problem.notFound("key") }
        return .json(profile.quota.json)
    }

    private func putTenant(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Tenant>(try context.parameter("tenant"))
        let quota = try await quota(request)
        return try await plane.changeQuota(of: id, context, answer: { .ok($0.json) }, edit: { _ in quota })
    }

    private func putKey(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<APIKey>(try context.parameter("key"))
        let quota = try await quota(request)
        return try await plane.changeQuota(of: id, context, answer: { .ok($0.json) }, edit: { _ in quota })
    }

    private func quota(_ request: Request) async throws -> Quota {
        let body = try await request.object()
        let quota = Quota(body)
        try body.finish()
        return quota
    }
}
