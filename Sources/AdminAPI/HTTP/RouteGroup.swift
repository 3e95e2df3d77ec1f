import HTTPTypes

/// The routes of one resource.
protocol RouteGroup: Sendable {
    /// Each call with who may make it.
    var routes: [AdminRoute] { get }
}

/// Routes below `/admin/v1`.
extension RouteGroup {
    func get(
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape? = nil,
        use handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        route(.get, path, access, shape, handler)
    }

    func post(
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape? = nil,
        use handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        route(.post, path, access, shape, handler)
    }

    /// A route that takes a file of others as its body.
    func postFile(
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape? = nil,
        use handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        var route = route(.post, path, access, shape, handler)
        route.bodyLimit = AdminRoute.fileBodyLimit
        return route
    }

    func put(
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape? = nil,
        use handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        route(.put, path, access, shape, handler)
    }

    func patch(
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape? = nil,
        use handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        route(.patch, path, access, shape, handler)
    }

    func delete(
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape? = nil,
        use handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        route(.delete, path, access, shape, handler)
    }

    private func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ access: RouteAccess,
        _ shape: RouteShape?,
        _ handler: @escaping AdminRoute.Handler
    ) -> AdminRoute {
        AdminRoute(
            method: method, path: RoutePath("/admin/v1/" + path), access: access, shape: shape, handler: handler)
    }
}
