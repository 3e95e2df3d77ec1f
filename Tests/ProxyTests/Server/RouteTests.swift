import Testing

@testable import Proxy

/// Which paths are routes.
struct RouteTests {
    @Test
    func `routes are found by method and path, the query apart`() throws {
        #expect(try Route.find(method: "POST", target: "/v1/chat/completions?x=1").get() == .chatCompletions)
        #expect(try Route.find(method: "GET", target: "/v1/models").get() == .models)
        #expect(try Route.find(method: "GET", target: "/healthz").get() == .health)
    }

    @Test
    func `model names may hold slashes and are decoded once`() throws {
        #expect(try Route.find(method: "GET", target: "/v1/models/org/m%2F1%2520").get() == .model("org/m/1%20"))
        #expect(try Route.find(method: "GET", target: "/v1/models/a%zz").get() == .model("a%zz"))
    }

    @Test
    func `another method is told which one is allowed`() {
        guard case .failure(.methodNotAllowed(let allow)) = Route.find(method: "GET", target: "/v1/completions") else {
            Issue.record("expected a denial")
            return
        }
        #expect(allow == "POST")
    }

    @Test(arguments: ["/", "/v1", "/v1/chat", "/v1/models/", "/v1/chat/completions/", "/v2/models"])
    func `anything else is unknown`(_ path: String) {
        guard case .failure(.unknownRoute) = Route.find(method: "POST", target: path) else {
            Issue.record("expected a denial")
            return
        }
    }
}
