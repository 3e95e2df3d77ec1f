import Tenancy
import Testing

@testable import AdminAPI

@Suite struct AdminKeyRoutesTests {
    @Test("an admin key is shown once, and the bootstrap credential ends with the first of the role admin")
    func create() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call(
                "POST", "/admin-keys", #"{"name":"ops","role":"admin","expires_at":null}"#)
            #expect(made.status == 201)
            #expect(made.text("id").hasPrefix("adm_"))
            #expect(made.text("role") == "admin")
            #expect(made.text("key").hasPrefix("tga_" + made.text("public_id") + "_"))
            #expect(try await harness.client.call("GET", "/status").status == 401)
            let admin = harness.client.with(credential: made.text("key"))
            defer { admin.close() }
            let listed = try await admin.call("GET", "/admin-keys")
            #expect(listed.names() == ["ops"])
            #expect(!listed.body.text.contains(made.text("key").dropFirst(14)))
            let shown = try await admin.call("GET", "/admin-keys/" + made.text("id"))
            #expect(shown["key"] == .null)
            #expect(shown.text("last_used_at").hasSuffix("Z"))
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.map(\.action) == ["admin_key.create"])
            #expect(!rows.contains { "\($0)".contains(made.text("key").dropFirst(14)) || "\($0)".contains("argon2") })
        }
    }

    @Test(
        "what an admin key does not take is refused",
        arguments: [
            (#"{"name":"a"}"#, "/role"), (#"{"role":"viewer"}"#, "/name"), (#"{"name":"a","role":"owner"}"#, "/role"),
            (#"{"name":"a","role":null}"#, "/role"), (#"{"name":"a","role":"viewer","key":"tga_x"}"#, "/key"),
            (#"{"name":"a","role":"viewer","expires_at":"soon"}"#, "/expires_at"),
            (#"{"name":"a","role":"viewer","last_used_at":null}"#, "/last_used_at"),
        ])
    func refused(body: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("POST", "/admin-keys", body)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
            #expect(try await harness.client.call("GET", "/admin-keys").names() == [])
        }
    }

    @Test("a revoked key is refused by the time of the answer, and then the bootstrap credential opens again")
    func revoke() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call("POST", "/admin-keys", #"{"name":"ops","role":"admin"}"#)
            let admin = harness.client.with(credential: made.text("key"))
            defer { admin.close() }
            let path = "/admin-keys/" + made.text("id")
            #expect(try await admin.call("DELETE", path).status == 204)
            #expect(try await admin.call("GET", "/status").status == 401)
            #expect(try await harness.client.call("GET", path)["revoked_at"] != .null)
            #expect(try await harness.client.call("DELETE", path).status == 204)
            #expect(try await harness.client.call("GET", "/admin-keys").names() == [])
            #expect(try await harness.client.call("DELETE", "/admin-keys/adm_nobody").status == 404)
        }
    }

    @Test("a key's tag is the same after it was used, so that it can be deleted by what was read before")
    func tagWithoutUse() async throws {
        try await AdminHarness.run { harness in
            let (_, text) = try await harness.adminKey(.admin)
            let admin = harness.client.with(credential: text)
            defer { admin.close() }
            for root in ["/admin/v1/admin-keys/", "/v1/organization/admin_api_keys/"] {
                let (id, otherText) = try await harness.adminKey(.admin)
                let other = harness.client.with(credential: otherText)
                defer { other.close() }
                let unused = try await admin.raw("GET", root + id, authorization: admin.bearer)
                let used = try await other.raw("GET", root + id, authorization: other.bearer)
                #expect(used["last_used_at"] != .null)
                #expect(used.header("etag") == unused.header("etag"))
                let gone = try await other.raw(
                    "DELETE", root + id, headers: ["if-match": unused.header("etag")], authorization: other.bearer)
                #expect([200, 204].contains(gone.status))
            }
        }
    }

    @Test("without a bootstrap credential the last admin key stays")
    func lastKey() async throws {
        try await AdminHarness.run(hasBootstrap: false) { harness in
            let past = harness.plane.time.now().adding(milliseconds: -1000)
            _ = try await harness.adminKey(.admin, expiresAt: past)
            _ = try await harness.adminKey(.viewer)
            let (first, text) = try await harness.adminKey(.admin)
            let admin = harness.client.with(credential: text)
            defer { admin.close() }
            let refused = try await admin.call("DELETE", "/admin-keys/" + first)
            #expect(refused.status == 409)
            #expect(refused.text("code") == "last_admin_key")
            let (_, other) = try await harness.adminKey(.admin)
            #expect(try await admin.call("DELETE", "/admin-keys/" + first).status == 204)
            let rest = harness.client.with(credential: other)
            defer { rest.close() }
            #expect(try await rest.call("GET", "/admin-keys").names().sorted() == ["admin", "admin", "viewer"])
        }
    }

    @Test("no admin key goes whose end would leave a day without a way in", arguments: ["admin-keys", "organization"])
    func lastingKey(surface: String) async throws {
        let root = surface == "admin-keys" ? "/admin/v1/admin-keys/" : "/v1/organization/admin_api_keys/"
        try await AdminHarness.run(hasBootstrap: false) { harness in
            let now = harness.plane.time.now()
            let (lasting, text) = try await harness.adminKey(.admin)
            let (soon, _) = try await harness.adminKey(.admin, expiresAt: now.adding(milliseconds: 3_600_000))
            let (later, laterText) = try await harness.adminKey(.admin, expiresAt: now.adding(milliseconds: 7_200_000))
            func remove(_ id: String, with text: String) async throws -> Int {
                try await harness.client.raw("DELETE", root + id, authorization: "Bearer " + text).status
            }
            #expect(try await remove(lasting, with: laterText) == 409)
            #expect(try await remove(soon, with: text) / 100 == 2)
            let (other, _) = try await harness.adminKey(.admin)
            #expect(try await remove(lasting, with: laterText) / 100 == 2)
            #expect(try await remove(other, with: laterText) == 409)
            #expect(try await remove(later, with: laterText) / 100 == 2)
        }
    }

    @Test("of keys that all end the last one stays, any earlier one goes")
    func endingKeys() async throws {
        try await AdminHarness.run(hasBootstrap: false) { harness in
            let now = harness.plane.time.now()
            let (soon, _) = try await harness.adminKey(.admin, expiresAt: now.adding(milliseconds: 3_600_000))
            let (later, text) = try await harness.adminKey(.admin, expiresAt: now.adding(milliseconds: 7_200_000))
            let admin = harness.client.with(credential: text)
            defer { admin.close() }
            #expect(try await admin.call("DELETE", "/admin-keys/" + later).text("code") == "last_admin_key")
            #expect(try await admin.call("DELETE", "/admin-keys/" + soon).status == 204)
        }
    }

    @Test("no key is made that has ended already", arguments: ["2020-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
    func bornDead(end: String) async throws {
        try await AdminHarness.run { harness in
            let tenant = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            for (path, role) in [("/admin-keys", #""role":"viewer","#), ("/tenants/\(tenant)/keys", "")] {
                let answer = try await harness.client.call(
                    "POST", path, #"{"name":"k",\#(role)"expires_at":"\#(end)"}"#)
                #expect(answer.status == 400 && answer.pointers == ["/expires_at"], Comment(rawValue: path))
                #expect(try await harness.client.call("GET", path).names() == [])
            }
        }
    }

    @Test("a role that does not reach a route is told so, and by whom the change was made is written down")
    func roles() async throws {
        try await AdminHarness.run { harness in
            let (_, text) = try await harness.adminKey(.viewer)
            let viewer = harness.client.with(credential: text)
            defer { viewer.close() }
            let refused = try await viewer.call("POST", "/tenants", #"{"name":"a"}"#)
            #expect(refused.status == 403)
            #expect(refused.text("code") == "role_not_allowed")
            #expect(refused.type == "application/problem+json")
            #expect(try await viewer.call("GET", "/tenants").status == 200)
            #expect(try await viewer.call("GET", "/admin-keys").status == 403)
            let (id, adminText) = try await harness.adminKey(.admin)
            let admin = harness.client.with(credential: adminText)
            defer { admin.close() }
            #expect(try await admin.call("POST", "/tenants", #"{"name":"a"}"#).status == 201)
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.last?.actor == id)
        }
    }
}
