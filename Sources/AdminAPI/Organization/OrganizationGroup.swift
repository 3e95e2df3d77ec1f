import HTTPTypes

/// The routes of one resource below `/v1/organization`: what the native routes do, in the shapes of OpenAI's
/// administration API.
protocol OrganizationGroup: RouteGroup {}

extension OrganizationGroup {
    /// A GET whose handler reads an `OrganizationQuery`; every other call takes no parameters.
    func list(_ path: String, _ access: RouteAccess, use handler: @escaping AdminRoute.Handler) -> AdminRoute {
        var list = route(.get, path, access, handler)
        list.readsQuery = true
        return list
    }

    func get(_ path: String, _ access: RouteAccess, use handler: @escaping AdminRoute.Handler) -> AdminRoute {
        route(.get, path, access, handler)
    }

    func post(_ path: String, _ access: RouteAccess, use handler: @escaping AdminRoute.Handler) -> AdminRoute {
        route(.post, path, access, handler)
    }

    func delete(_ path: String, _ access: RouteAccess, use handler: @escaping AdminRoute.Handler) -> AdminRoute {
        route(.delete, path, access, handler)
    }

    private func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ access: RouteAccess,
        _ handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        AdminRoute(
            method: method, path: RoutePath("/v1/organization/" + path), access: access, handler: handler)
    }
}
