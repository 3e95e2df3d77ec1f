import Testing

@testable import Proxy

/// Which paths are routes.
struct RouteTests {
    @Test
    func `routes are found by method and path, the query apart`() throws {
        #expect(try Route.find(method: "POST", target: "/v1/chat/completions?x=1").get() == .metered(.chatCompletions))
        #expect(try Route.find(method: "GET", target: "/v1/models").get() == .models)
        #expect(try Route.find(method: "GET", target: "/healthz").get() == .health)
    }

    @Test
    func `model names may hold slashes and are decoded once`() throws {
        #expect(try Route.find(method: "GET", target: "/v1/models/org/m%2F1%2520").get() == .model("org/m/1%20"))
        #expect(try Route.find(method: "GET", target: "/v1/models/a%zz").get() == .model("a%zz"))
        #expect(try Route.find(method: "GET", target: "/v1/models/a%+1%-0").get() == .model("a%+1%-0"))
    }

    @Test
    func `a target in absolute form is its path`() throws {
        #expect(try Route.find(method: "GET", target: "http://a:80/healthz?x").get() == .health)
        #expect(try Route.find(method: "GET", target: "HTTPS://a/v1/models/m").get() == .model("m"))
        for target in [
            "http://a", "http://healthz", "http://a?/healthz", "http:/healthz", "ftp://a/healthz", "healthz",
        ] {
            guard case .failure(.unknownRoute) = Route.find(method: "GET", target: target) else {
                Issue.record("expected a denial of \(target)")
                continue
            }
        }
    }

    @Test(arguments: AskKind.allCases)
    func `each kind of call is posted to its path, which goes on behind a backend's base URL`(kind: AskKind) throws {
        #expect(try Route.find(method: "POST", target: "/v1" + kind.suffix).get() == .metered(kind))
        #expect(kind.suffix.hasPrefix("/messages") == (kind.backendKind == .anthropic))
    }

    @Test(arguments: ["/v1/models", "/v1/models/m", "/v1/balance", "/healthz", "/readyz"])
    func `what can be read can be asked for by HEAD`(path: String) throws {
        #expect(try Route.find(method: "HEAD", target: path).get() == Route.find(method: "GET", target: path).get())
    }

    @Test(arguments: [
        ("GET", "/v1/completions", "POST"), ("HEAD", "/v1/messages", "POST"), ("DELETE", "/v1/models/m", "GET, HEAD"),
        ("POST", "/v1/balance", "GET, HEAD"), ("post", "/v1/responses", "POST"),
    ])
    func `another method is told which ones are allowed`(method: String, path: String, allowed: String) {
        guard case .failure(.methodNotAllowed(let allow)) = Route.find(method: method, target: path) else {
            Issue.record("expected a denial")
            return
        }
        #expect(allow == allowed)
    }

    @Test(arguments: [
        "/", "", "/v1", "/v1/chat", "/v1/models/", "/v1/chat/completions/", "/v2/models", "/v1/messages/batches",
        "/v1/messages/", "/V1/messages", "/v1/realtime", "/v1/files", "/v1/images/edits", "/v1/responses/resp_1",
    ])
    func `anything else is unknown`(_ path: String) {
        guard case .failure(.unknownRoute) = Route.find(method: "POST", target: path) else {
            Issue.record("expected a denial")
            return
        }
    }
}
