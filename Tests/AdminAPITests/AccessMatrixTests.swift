import HTTPTypes
import Support
import Tenancy
import Testing

@testable import AdminAPI

/// Every route of the table, asked with every kind of credential, against what the documentation says of the roles.
@Suite struct AccessMatrixTests {
    /// Every noun of a path that has rights of its own; the last one in a path decides.
    private static let nouns: Set<String> = [
        "tenants", "entitlements", "keys", "quotas", "budgets", "holds", "pools", "backends", "models", "prices",
        "usage", "costs", "requests", "periods", "exports", "reconciliations", "webhooks", "admin-keys", "audit-log",
        "status", "openapi.json", "credits", "whoami", "master-key",
        "projects", "service_accounts", "api_keys", "spend_limit", "spend_alerts", "rate_limits", "admin_api_keys",
        "audit_logs",
    ]
    /// What the nouns of the organization are called natively; they have the same rights.
    private static let nativeNouns = [
        "projects": "tenants", "service_accounts": "keys", "api_keys": "keys", "spend_limit": "budgets",
        "spend_alerts": "budgets", "rate_limits": "quotas", "admin_api_keys": "admin-keys", "audit_logs": "audit-log",
    ]
    private static let financeReads: Set<String> = [
        "tenants", "credits", "budgets", "prices", "usage", "costs", "requests", "periods", "exports",
        "reconciliations", "audit-log", "whoami",
    ]
    private static let financeWrites: Set<String> = [
        "/prices/import", "/reconciliations", "/periods/{}/close", "/periods/{}/corrections", "/tenants/{}/credits",
    ]
    private static let hiddenFromViewers: Set<String> = ["exports", "audit-log", "admin-keys", "webhooks"]

    /// What a role may, from the documentation and not from the table.
    private func mayCall(_ role: AdminRole, _ method: HTTPRequest.Method, _ path: String) throws -> Bool {
        let segments = path.split(separator: "/").map(String.init).filter { !$0.hasPrefix("{") }
        let named = try #require(segments.last { Self.nouns.contains($0) }, "no right is documented for \(path)")
        let noun = Self.nativeNouns[named] ?? named
        switch role {
        case .admin: return true
        case .viewer: return method == .get && !Self.hiddenFromViewers.contains(noun)
        case .finance:
            if method == .get { return Self.financeReads.contains(noun) }
            let shape = "/" + path.split(separator: "/").map { $0.hasPrefix("{") ? "{}" : $0 }.joined(separator: "/")
            return method == .post && Self.financeWrites.contains(shape)
        }
    }

    /// A path with names that nothing has, so that nothing changes whoever asks.
    private func path(_ route: AdminRoute) -> String {
        route.path.text.replacing(/\{[a-z_]+\.\.\.\}/, with: "no/body").replacing(/\{[a-z_]+\}/, with: "nobody")
    }

    private func status(
        _ harness: AdminHarness, _ route: AdminRoute, _ credential: String?, from address: String = "127.0.0.1"
    ) async throws -> Int {
        let body = [.put, .patch].contains(route.method) ? "{\"nonsense\":1}" : nil
        let answer = try await harness.client.raw(
            route.method.rawValue, path(route), body, headers: ["x-forwarded-for": address],
            authorization: credential.map { "Bearer " + $0 })
        let speaksOpenAI = Problem.speaksOpenAI(route.path.text)
        let code = speaksOpenAI ? answer.error("code") : answer.text("code")
        if answer.status == 401 { #expect(code == (speaksOpenAI ? "invalid_api_key" : "unauthenticated")) }
        if answer.status == 403 { #expect(code == "role_not_allowed") }
        return answer.status
    }

    private func routes(_ harness: AdminHarness) -> [AdminRoute] {
        RouteTable.admin(harness.plane, hasBootstrap: true).routes.filter { !$0.access.isOpen }
    }

    @Test("nobody reaches what their role does not, and everybody what it does")
    func roles() async throws {
        try await AdminHarness.run { harness in
            var keys: [(AdminRole, String)] = []
            for role in AdminRole.allCases { keys.append((role, try await harness.adminKey(role).text)) }
            for route in routes(harness) {
                let name = Comment(rawValue: "\(route.method.rawValue) \(route.path.text)")
                let prefix = ["/admin/v1", "/v1/organization"].first { route.path.text.hasPrefix($0) } ?? ""
                let below = String(route.path.text.dropFirst(prefix.count))
                for (role, key) in keys {
                    let status = try await status(harness, route, key)
                    if try mayCall(role, route.method, below) {
                        #expect([200, 400, 404, 409].contains(status), name)
                    } else {
                        #expect(status == 403, name)
                    }
                }
            }
        }
    }

    @Test("no credential but a good one opens any route, known or not")
    func credentials() async throws {
        try await AdminHarness.run { harness in
            let now = harness.plane.time.now()
            let viewer = try await harness.adminKey(.viewer).text
            let expired = try await harness.adminKey(.admin, expiresAt: now).text
            let revoked = try await harness.adminKey(.admin)
            harness.plane.adminKeys.directory.remove(ID(revoked.id))
            // While no admin key opens anything, the bootstrap credential opens everything.
            for route in routes(harness) {
                #expect(![401, 403].contains(try await status(harness, route, AdminHarness.credential)))
            }
            let admin = try await harness.adminKey(.admin)
            // Proven once, so that a wrong secret is refused from memory and not for want of a run of argon2.
            #expect(try await harness.client.with(credential: admin.text).call("GET", "/status").status == 200)
            let publicID = String(admin.text.dropFirst(4).prefix(10))
            let tenant = KeySecret.generate(.tenant).text
            let bad = [
                "garbage", KeyText.impostor(of: publicID, .admin), expired, revoked.text, AdminHarness.credential,
            ]
            let unknown = AdminRoute(
                method: .get, path: RoutePath("/admin/v1/nothing"), access: .admins
            ) { _, _ in .noContent }
            for (number, route) in (routes(harness) + [unknown]).enumerated() {
                let name = Comment(rawValue: "\(route.method.rawValue) \(route.path.text)")
                for (place, credential) in ([nil, "", tenant] + bad).enumerated() {
                    // Each from elsewhere: many bad ones from one address are held back.
                    let address = "10.\(number / 256).\(number % 256).\(place)"
                    #expect(try await status(harness, route, credential, from: address) == 401, name)
                }
                #expect(try await harness.client.with(credential: viewer).call("GET", "/status").status == 200)
            }
        }
    }
}
