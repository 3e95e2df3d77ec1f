import Tenancy
import Testing

@testable import AdminAPI

@Suite struct TenantRoutesTests {
    @Test("archived tenants are listed when they are asked for")
    func archivedTenants() async throws {
        try await AdminHarness.run { harness in
            for name in ["a", "b"] { _ = try await harness.client.call("POST", "/tenants", #"{"name":"\#(name)"}"#) }
            let id = try await harness.client.call("GET", "/tenants").names("id").first ?? ""
            #expect(try await harness.client.call("DELETE", "/tenants/" + id).status == 204)
            #expect(try await harness.client.call("GET", "/tenants").names() == ["b"])
            #expect(try await harness.client.call("GET", "/tenants?include_archived=true").names() == ["a", "b"])
            #expect(try await harness.client.call("GET", "/tenants?include_archived=yes").status == 400)
        }
    }

    @Test("a tenant is made with the documented defaults, and the data plane knows it at once")
    func create() async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call(
                "POST", "/tenants", #"{"name":"research","tags":{"b":"2","A":"1"}}"#)
            #expect(answer.status == 201)
            #expect(answer.text("id").hasPrefix("ten_"))
            #expect(answer.text("time_zone") == "UTC")
            #expect(answer["tags"] == .texts(["A": "1", "b": "2"]))
            #expect(answer.text("price_multiplier") == "1")
            #expect(answer["trim_floor"] == .number("16"))
            #expect(answer["hold_wait_ms"] == .number("2000"))
            #expect(answer["uncertain_release_after"] == .null)
            #expect(answer["suspended"] == false)
            #expect(answer.text("created_at").hasSuffix("Z"))
            let id = ID<Tenant>(answer.text("id"))
            #expect(harness.plane.directory.tenant(id)?.tenant.name == "research")
            let credits: JSONValue = ["prepaid": "0", "goodwill": "0", "total": "0"]
            let shown = try await harness.client.call("GET", "/tenants/\(id)").body
            #expect(shown == answer.body.adding("credits", credits))
        }
    }

    @Test(
        "fields that are unknown, read-only, mistyped or out of range are refused and nothing is stored",
        arguments: [
            (#"{}"#, "/name"), (#"{"name":"a","colour":1}"#, "/colour"), (#"{"name":"a","id":"ten_1"}"#, "/id"),
            (#"{"name":"a","suspended":true}"#, "/suspended"), (#"{"name":null}"#, "/name"),
            (#"{"name":"=a"}"#, "/name"),
            (#"{"name":"a","time_zone":"Mars/Base"}"#, "/time_zone"), (#"{"name":"a","tags":{"a":1}}"#, "/tags/a"),
            (#"{"name":"a","hold_wait_ms":-1}"#, "/hold_wait_ms"), (#"{"name":"a","trim_floor":0}"#, "/trim_floor"),
            (#"{"name":"a","price_multiplier":"1.0000001"}"#, "/price_multiplier"),
            (#"{"name":"a","on_insufficient":"drop"}"#, "/on_insufficient"),
            (#"{"name":"a","uncertain_release_after":"1500ms"}"#, "/uncertain_release_after"),
        ])
    func refused(body: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("POST", "/tenants", body)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
            #expect(harness.plane.directory.allTenants().isEmpty)
        }
    }

    @Test("a taken name is a conflict until its tenant is archived")
    func nameTaken() async throws {
        try await AdminHarness.run { harness in
            let first = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            let second = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            #expect(second.status == 409)
            #expect(second.text("code") == "name_taken")
            #expect(try await harness.client.call("DELETE", "/tenants/" + first.text("id")).status == 204)
            #expect(try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).status == 201)
            let archived = try await harness.client.call("GET", "/tenants/" + first.text("id"))
            #expect(archived["archived_at"] != .null)
            #expect(try await harness.client.call("DELETE", "/tenants/" + first.text("id")).status == 404)
        }
    }

    @Test("a change keeps what it does not name, null clears, and suspension acts at once")
    func update() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call(
                "POST", "/tenants", #"{"name":"a","uncertain_release_after":"1h","price_multiplier":"1.25"}"#)
            let path = "/tenants/" + made.text("id")
            let changed = try await harness.client.call(
                "PATCH", path, #"{"time_zone":"Europe/Rome","on_insufficient":"trim","uncertain_release_after":null}"#)
            #expect(changed.status == 200)
            #expect(changed.text("name") == "a")
            #expect(changed.text("price_multiplier") == "1.25")
            #expect(changed["uncertain_release_after"] == .null)
            let id = ID<Tenant>(made.text("id"))
            #expect(try await harness.client.call("POST", path + "/suspend")["suspended"] == true)
            #expect(harness.plane.directory.tenant(id)?.tenant.suspended == true)
            #expect(try await harness.client.call("POST", path + "/resume", "{}")["suspended"] == false)
            #expect(harness.plane.directory.tenant(id)?.tenant.timeZone == "Europe/Rome")
        }
    }

    @Test("lists come in pages")
    func pages() async throws {
        try await AdminHarness.run { harness in
            for name in ["a", "b", "c"] {
                _ = try await harness.client.call("POST", "/tenants", "{\"name\":\"\(name)\"}")
            }
            let first = try await harness.client.call("GET", "/tenants?limit=2")
            #expect(first.names() == ["a", "b"])
            #expect(first["has_more"] == true)
            let second = try await harness.client.call("GET", "/tenants?limit=2&after=" + first.text("next"))
            #expect(second.names() == ["c"])
            #expect(second["has_more"] == false)
            #expect(second["next"] == .null)
            for query in ["limit=0", "limit=1001", "limit=x", "colour=red", "limit=1&limit=2"] {
                #expect(try await harness.client.call("GET", "/tenants?" + query).status == 400)
            }
        }
    }

    @Test("entitlements and quotas are replaced as a whole and name what they do not know")
    func entitlementsAndQuotas() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            let path = "/tenants/" + made.text("id")
            let unknown = try await harness.client.call("PUT", path + "/entitlements", #"{"pools":[{"pool":"fast"}]}"#)
            #expect(unknown.status == 400)
            #expect(unknown.text("code") == "unknown_pool")
            #expect(unknown.pointers == ["/pools/0/pool"])
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let put = try await harness.client.call(
                "PUT", path + "/entitlements", #"{"pools":[{"pool":"fast","models":["*"]}]}"#)
            #expect(put.status == 200)
            #expect(try await harness.client.call("GET", path + "/entitlements").body == put.body)
            let id = ID<Tenant>(made.text("id"))
            #expect(harness.plane.directory.tenant(id)?.entitlements == [Entitlement(pool: "fast")])
            #expect(try await harness.client.call("PUT", path + "/quotas", #"{"rpm":-1}"#).pointers == ["/rpm"])
            let quota = try await harness.client.call("PUT", path + "/quotas", #"{"rpm":600,"tpm":null}"#)
            #expect(quota["rpm"] == .number("600"))
            #expect(quota["concurrency"] == .null)
            #expect(harness.plane.directory.tenant(id)?.quota == Quota(rpm: 600))
            #expect(try await harness.client.call("GET", path + "/quotas").body == quota.body)
        }
    }

    @Test("every change leaves an audit row that says who, what and by which request")
    func audit() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            _ = try await harness.client.call("POST", "/tenants/" + made.text("id") + "/suspend")
            _ = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.map(\.action) == ["tenant.create", "tenant.suspend"])
            #expect(rows.map(\.actor) == ["bootstrap", "bootstrap"])
            #expect(rows.first?.requestID == made.requestID)
            #expect(rows.first?.after == made.body.text)
        }
    }
}
