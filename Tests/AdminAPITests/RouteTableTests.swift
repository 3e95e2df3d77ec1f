import HTTPTypes
import Hummingbird
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct RouteTableTests {
    private func table(_ routes: [(HTTPRequest.Method, String)]) -> RouteTable {
        RouteTable(
            routes.map { method, path in
                AdminRoute(method: method, path: RoutePath(path), access: .admins) { _, _ in
                    Response(status: .ok)
                }
            })
    }

    private func matched(_ table: RouteTable, _ method: HTTPRequest.Method, _ path: String) -> String {
        switch table.match(method, path) {
        case .found(let route, let parameters):
            let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return ([route.path.text] + values).joined(separator: " ")
        case .otherMethods(let methods): return "405 " + methods.map(\.rawValue).sorted().joined(separator: ",")
        case .unknown: return "404"
        }
    }

    @Test(
        "a path leads to its route, the more exact one first, and to nothing else",
        arguments: [
            ("/a", "/a"), ("/a/1", "/a/{id} id=1"), ("/a/all", "/a/all"), ("/a/1/b", "/a/{id}/b id=1"),
            ("/m/x", "/m/{name...} name=x"), ("/m/x/y%2Fz", "/m/{name...} name=x/y%2Fz"),
            ("/m/x/", "/m/{name...} name=x/"),
            ("/", "404"), ("", "404"), ("//a", "404"), ("/a/", "404"), ("/a//b", "404"), ("/a/1/b/", "404"),
            ("/m", "404"), ("/m/", "404"), ("/A", "404"), ("/a/1/b/2", "404"),
            ("/a/\u{301}1", "/a/{id} id=\u{301}1"), ("/a/1/\u{301}b", "404"),
        ])
    func paths(path: String, expected: String) {
        let table = table([
            (.get, "/a/{id}"), (.get, "/m/{name...}"), (.get, "/a"), (.get, "/a/{id}/b"), (.get, "/a/all"),
        ])
        #expect(matched(table, .get, path) == expected)
    }

    @Test("a known path under another method names those it takes, parameters and fixed parts together")
    func otherMethods() {
        let table = table([(.get, "/a/{id}"), (.delete, "/a/{id}"), (.post, "/a/all")])
        #expect(matched(table, .patch, "/a/1") == "405 DELETE,GET")
        #expect(matched(table, .patch, "/a/all") == "405 DELETE,GET,POST")
        #expect(matched(table, .get, "/a/all") == "/a/{id} id=all")
    }

    @Test("nobody but admin may call a route that names no role")
    func denyByDefault() {
        let access = RouteAccess()
        #expect(AdminRole.allCases.map { access.grant($0) } == [.all, .none, .none])
        #expect(!access.isOpen)
    }

    @Test("no call is in the table twice, and only health and the dashboard's files are open")
    func wholeTable() async throws {
        try await AdminHarness.run { harness in
            let routes = RouteTable.admin(harness.plane, hasBootstrap: true).routes
            let calls = routes.map { "\($0.method) \($0.path.text)" }
            #expect(Set(calls).count == calls.count)
            let open = routes.filter(\.access.isOpen).map(\.path.text).sorted()
            #expect(open == ["/", "/dashboard/{file...}", "/healthz", "/readyz"])
            for route in routes where !route.access.isOpen {
                #expect(["/admin/v1/", "/v1/organization/"].contains { route.path.text.hasPrefix($0) })
            }
        }
    }
}
