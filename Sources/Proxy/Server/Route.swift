/// The data plane's routes; anything else is a 404 or 405.
enum Route: Equatable, Sendable {
    /// A call that goes to a backend and is metered.
    case metered(AskKind)
    case models
    /// One model, by its name.
    case model(String)
    case balance
    /// What the calling key, or its tenant, used.
    case usage
    case health
    case readiness

    /// Needs a client key.
    var needsKey: Bool {
        switch self {
        case .health, .readiness: false
        default: true
        }
    }

    /// Its path, with nothing of what the client wrote.
    var name: String {
        switch self {
        case .metered(let kind): kind.path
        case .models: "/v1/models"
        case .model: "/v1/models/{id}"
        case .balance: "/v1/balance"
        case .usage: "/v1/usage"
        case .health: "/healthz"
        case .readiness: "/readyz"
        }
    }

    /// The route of a request target; the query string plays no part. HEAD goes where GET goes.
    static func find(method: String, target: String) -> Result<Route, Denial> {
        let path = RequestTarget.path(of: target)
        if let kind = AskKind(path: path) {
            return method == "POST" ? .success(.metered(kind)) : .failure(.methodNotAllowed(allow: "POST"))
        }
        guard let route = answered(path) else { return .failure(.unknownRoute(String(path))) }
        return method == "GET" || method == "HEAD" ? .success(route) : .failure(.methodNotAllowed(allow: "GET, HEAD"))
    }

    /// What the gateway answers itself.
    private static func answered(_ path: Substring) -> Route? {
        switch path {
        case "/v1/models": return .models
        case "/v1/balance": return .balance
        case "/v1/usage": return .usage
        case "/healthz": return .health
        case "/readyz": return .readiness
        default:
            guard path.hasPrefix("/v1/models/") else { return nil }
            let name = PercentCoding.decoded(path.dropFirst("/v1/models/".count))
            return name.isEmpty ? nil : .model(name)
        }
    }
}
