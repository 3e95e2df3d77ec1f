/// The data plane's routes; anything else is a 404 or 405.
enum Route: Equatable, Sendable {
    case chatCompletions
    case completions
    case models
    /// One model, by its name.
    case model(String)
    case balance
    case health
    case readiness

    /// The path after `/v1`, which a backend's `base_url` ends with.
    var suffix: String {
        switch self {
        case .chatCompletions: "/chat/completions"
        case .completions: "/completions"
        case .models, .model: "/models"
        case .balance: "/balance"
        case .health, .readiness: ""
        }
    }

    /// How the body of a forwarded route is read; nil for routes the gateway answers itself.
    var askKind: AskKind? {
        switch self {
        case .chatCompletions: .chatCompletions
        case .completions: .completions
        default: nil
        }
    }

    /// Needs a client key.
    var needsKey: Bool {
        switch self {
        case .health, .readiness: false
        default: true
        }
    }

    /// The route of a request target; the query string plays no part.
    static func find(method: String, target: String) -> Result<Route, Denial> {
        let end = target.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let path = target[..<(end ?? target.endIndex)]
        guard let (route, allowed) = resolve(path) else { return .failure(.unknownRoute(String(path))) }
        return method == allowed ? .success(route) : .failure(.methodNotAllowed(allow: allowed))
    }

    private static func resolve(_ path: Substring) -> (Route, String)? {
        switch path {
        case "/v1/chat/completions": return (.chatCompletions, "POST")
        case "/v1/completions": return (.completions, "POST")
        case "/v1/models": return (.models, "GET")
        case "/v1/balance": return (.balance, "GET")
        case "/healthz": return (.health, "GET")
        case "/readyz": return (.readiness, "GET")
        default:
            guard path.hasPrefix("/v1/models/") else { return nil }
            let name = percentDecoded(path.dropFirst("/v1/models/".count).utf8)
            return name.isEmpty ? nil : (.model(name), "GET")
        }
    }

    /// Percent-decoded once; a bad escape stays as it is, and simply names no model.
    private static func percentDecoded(_ text: Substring.UTF8View) -> String {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
