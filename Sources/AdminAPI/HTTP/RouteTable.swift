import HTTPTypes

/// Every call of the Admin API. What is not in it does not exist, and who is not named in it may not.
struct RouteTable: Sendable {
    /// What a method and a path lead to.
    enum Match {
        case found(AdminRoute, parameters: [String: String])
        /// The path is known under these methods only.
        case otherMethods([HTTPRequest.Method])
        case unknown
    }

    /// The more exact path first.
    let routes: [AdminRoute]

    init(_ routes: [AdminRoute]) {
        self.routes = routes.sorted { $0.path.isMoreExact(than: $1.path) }
    }

    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        let segments = RoutePath.segments(path)
        var others: [HTTPRequest.Method] = []
        for route in routes {
            guard let parameters = route.path.parameters(in: segments) else { continue }
            if route.method == method { return .found(route, parameters: parameters) }
            if !others.contains(route.method) { others.append(route.method) }
        }
        return others.isEmpty ? .unknown : .otherMethods(others)
    }
}
