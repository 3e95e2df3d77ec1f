/// The data plane's routes; anything else is a 404 or 405.
enum Route: Equatable, Sendable {
    /// A call that goes to a backend and is metered.
    case metered(AskKind)
    case models
    /// One model, by its name.
    case model(String)
    case balance
    case health
    case readiness

    /// How the body of a forwarded route is read; nil for routes the gateway answers itself.
    var askKind: AskKind? {
        if case .metered(let kind) = self { kind } else { nil }
    }

    /// Needs a client key.
    var needsKey: Bool {
        switch self {
        case .health, .readiness: false
        default: true
        }
    }

    /// The route of a request target; the query string plays no part. HEAD goes where GET goes.
    static func find(method: String, target: String) -> Result<Route, Denial> {
        let path = path(of: target)
        if let kind = AskKind(path: path) {
            return method == "POST" ? .success(.metered(kind)) : .failure(.methodNotAllowed(allow: "POST"))
        }
        guard let route = answered(path) else { return .failure(.unknownRoute(String(path))) }
        return method == "GET" || method == "HEAD" ? .success(route) : .failure(.methodNotAllowed(allow: "GET, HEAD"))
    }

    /// A request target without its query.
    static func path(of target: String) -> Substring {
        let end = target.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        return target[..<(end ?? target.endIndex)]
    }

    /// What the gateway answers itself.
    private static func answered(_ path: Substring) -> Route? {
        switch path {
        case "/v1/models": return .models
        case "/v1/balance": return .balance
        case "/healthz": return .health
        case "/readyz": return .readiness
        default:
            guard path.hasPrefix("/v1/models/") else { return nil }
            let name = percentDecoded(path.dropFirst("/v1/models/".count).utf8)
            return name.isEmpty ? nil : .model(name)
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
