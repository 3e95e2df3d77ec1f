import Tenancy
import Testing

@testable import AdminAPI

@Suite struct KeyRoutesTests {
    @Test("a key is shown once, and works before its answer is read")
    func create() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call(
                "POST", "/tenants/\(tenant)/keys", #"{"name":"ci","allowed_ips":["10.0.0.0/8"],"scope":"tenant_usage"}"#
            )
            #expect(made.status == 201)
            #expect(made.text("id").hasPrefix("key_"))
            #expect(made.text("key").hasPrefix("tg_" + made.text("public_id") + "_"))
            #expect(accepts(harness, made.text("key"), from: "10.1.2.3"))
            #expect(!accepts(harness, made.text("key"), from: "192.168.0.1"))
            let shown = try await harness.client.call("GET", "/keys/" + made.text("id"))
            #expect(shown["key"] == .null)
            #expect(shown["models"] == .null)
            let listed = try await harness.client.call("GET", "/tenants/\(tenant)/keys")
            #expect(listed.names("id") == [made.text("id")])
            #expect(!listed.body.text.contains(made.text("key")))
            let rows = try harness.plane.file.auditEntries()
            #expect(!rows.contains { "\($0)".contains(made.text("key")) || "\($0)".contains("argon2") })
        }
    }

    @Test("a revoked key is refused by the time of the answer", arguments: [true, false])
    func revoke(withTenant: Bool) async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"ci"}"#)
            let path = withTenant ? "/tenants/\(tenant)" : "/keys/" + made.text("id")
            #expect(try await harness.client.call("DELETE", path).status == 204)
            #expect(!accepts(harness, made.text("key")))
            #expect(try await harness.client.call("GET", "/keys/" + made.text("id"))["revoked_at"] != .null)
            let patch = try await harness.client.call("PATCH", "/keys/" + made.text("id"), #"{"name":"b"}"#)
            #expect(patch.status == 409)
        }
    }

    @Test("rotation keeps the old secret for the grace and no longer", arguments: [(0, false), (3600, true)])
    func rotate(grace: Int, oldWorks: Bool) async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"ci"}"#)
            let path = "/keys/" + made.text("id")
            let rotated = try await harness.client.call("POST", path + "/rotate", "{\"grace_seconds\":\(grace)}")
            #expect(rotated.text("id") == made.text("id"))
            #expect(rotated.text("key") != made.text("key"))
            #expect(accepts(harness, rotated.text("key")))
            #expect(accepts(harness, made.text("key")) == oldWorks)
            #expect(try await harness.client.call("POST", path + "/rotate", "{}").status == 400)
        }
    }

    @Test("an expiry set in the past acts at once, and null lifts it")
    func expiry() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"ci"}"#)
            let path = "/keys/" + made.text("id")
            _ = try await harness.client.call("PATCH", path, #"{"expires_at":"2020-01-01T00:00:00Z"}"#)
            #expect(!accepts(harness, made.text("key")))
            let lifted = try await harness.client.call("PATCH", path, #"{"expires_at":null}"#)
            #expect(lifted["expires_at"] == .null)
            #expect(accepts(harness, made.text("key")))
        }
    }

    @Test(
        "what a key cannot be is refused",
        arguments: [
            (#"{}"#, "/name"), (#"{"name":"a","key":"tg_x"}"#, "/key"),
            (#"{"name":"a","public_id":"x"}"#, "/public_id"),
            (#"{"name":"a","expires_at":"tomorrow"}"#, "/expires_at"),
            (#"{"name":"a","models":["nobody"]}"#, "/models"),
            (#"{"name":"a","allowed_ips":["10.0.0.0/33"]}"#, "/allowed_ips/0"),
            (#"{"name":"a","scope":"all"}"#, "/scope"),
        ])
    func refused(body: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let answer = try await harness.client.call("POST", "/tenants/\(tenant)/keys", body)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
            #expect(harness.plane.directory.keys(of: tenant).isEmpty)
        }
    }

    @Test("a key's quota binds from the answer on")
    func quotas() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"ci"}"#)
            let path = "/keys/" + made.text("id") + "/quotas"
            _ = try await harness.client.call("PUT", path, #"{"concurrency":2}"#)
            #expect(harness.plane.directory.key(ID(made.text("id")))?.quota == Quota(concurrency: 2))
            #expect(try await harness.client.call("GET", path)["concurrency"] == .number("2"))
            #expect(accepts(harness, made.text("key")))
        }
    }

    private func tenant(_ harness: AdminHarness) async throws -> ID<Tenant> {
        ID(try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).text("id"))
    }

    private func accepts(_ harness: AdminHarness, _ key: String, from address: String = "127.0.0.1") -> Bool {
        let now = harness.plane.time.now()
        let verdict = Array(key.utf8).withUnsafeBytes {
            harness.plane.keyRing.authenticate($0, clientAddress: address, at: now)
        }
        if case .accepted = verdict { return true }
        return false
    }
}
