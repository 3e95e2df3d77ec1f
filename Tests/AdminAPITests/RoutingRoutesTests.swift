import Proxy
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct RoutingRoutesTests {
    @Test("a list of pools shows their backends if asked to, and a list of budgets their state")
    func expansions() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            _ = try await client.call("POST", "/pools", #"{"name":"empty"}"#)
            _ = try await client.call("POST", "/pools", #"{"name":"fast"}"#)
            let backend = try await client.call(
                "POST", "/pools/fast/backends", #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#)
            #expect(try await client.call("GET", "/pools").body.text.contains("backends") == false)
            let pools = try await client.call("GET", "/pools?expand=backends").body.text
            #expect(pools.contains(#""name":"empty""#) && pools.contains(#""backends":[]"#))
            #expect(pools.contains(#""backends":[\#(backend.body.text)]"#))

            let tenant = try await client.call("POST", "/tenants", #"{"name":"t"}"#).text("id")
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"2","window":"total"}"#
            ).text("id")
            let state = try await client.call("GET", "/budgets/\(budget)/state").body.text
            #expect(try await client.call("GET", "/budgets").body.text.contains("posted") == false)
            #expect(try await client.call("GET", "/budgets?expand=state").body.text.contains(#""state":"# + state))
            for path in ["/pools?expand=state", "/budgets?expand=backends"] {
                #expect(try await client.call("GET", path).pointers == ["?expand"])
            }
        }
    }

    private static let backend = #"{"name":"llama-a","kind":"openai","base_url":"http://127.0.0.1:9001/v1"}"#

    @Test("a pool is made, changed and deleted, but never renamed")
    func pools() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call(
                "POST", "/pools", #"{"name":"fast","policy":"weighted","queue":{"max":7,"timeout":"1500ms"}}"#)
            #expect(made.status == 201)
            #expect(made["queue"] == ["max": .number("7"), "timeout": "1500ms"])
            #expect(try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#).text("code") == "name_taken")
            let renamed = try await harness.client.call("PATCH", "/pools/fast", #"{"name":"slow"}"#)
            #expect(renamed.status == 400)
            let changed = try await harness.client.call("PATCH", "/pools/fast", #"{"queue":{"max":9}}"#)
            #expect(changed["queue"] == ["max": .number("9"), "timeout": "1500ms"])
            #expect(try await harness.client.call("GET", "/pools").names() == ["fast"])
            #expect(try await harness.client.call("DELETE", "/pools/fast").status == 204)
            #expect(try await harness.client.call("GET", "/pools/fast").status == 404)
            #expect(harness.plane.router.status().isEmpty)
        }
    }

    @Test("a backend's credential is sealed, bound to its origin, and never shown")
    func credential() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let made = try await harness.client.call(
                "POST", "/pools/fast/backends",
                #"{"name":"a","kind":"openai","base_url":"https://api.example.net/v1/","api_key":"sk-secret"}"#)
            #expect(made.status == 201)
            #expect(made.text("base_url") == "https://api.example.net/v1")
            #expect(made["has_api_key"] == true)
            #expect(!made.body.text.contains("sk-secret"))
            let path = "/backends/" + made.text("id")
            let moved = try await harness.client.call("PATCH", path, #"{"base_url":"https://evil.example.net/v1"}"#)
            #expect(moved.status == 400)
            #expect(moved.text("code") == "api_key_required")
            #expect(moved.pointers == ["/api_key"])
            let samePlace = try await harness.client.call(
                "PATCH", path, #"{"base_url":"https://api.example.net:443/v2"}"#)
            #expect(samePlace.status == 200)
            let withKey = try await harness.client.call(
                "PATCH", path, #"{"base_url":"http://127.0.0.1:1/v1","api_key":"sk-other"}"#)
            #expect(withKey.status == 200)
            let stored = try harness.plane.file.read { db in try RoutingStore.backend(db, id: ID(made.text("id"))) }
            #expect(try stored?.openKey(with: harness.plane.masterKey) == Array("sk-other".utf8))
            let rows = try harness.plane.file.auditEntries()
            #expect(!rows.contains { "\($0)".contains("sk-") })
        }
    }

    @Test("backends drain, undrain, report their health and go")
    func backends() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let made = try await harness.client.call("POST", "/pools/fast/backends", Self.backend)
            #expect(
                made["timeouts"] == [
                    "connect": "5s", "first_byte": "300s", "idle": "120s", "total": "600s", "min_rate": .number("0"),
                ])
            let path = "/backends/" + made.text("id")
            let unhurried = try await harness.client.call("PATCH", path, #"{"timeouts":{"min_rate":3,"idle":"7s"}}"#)
            #expect(
                unhurried["timeouts"] == [
                    "connect": "5s", "first_byte": "300s", "idle": "7s", "total": "600s", "min_rate": .number("3"),
                ])
            #expect(try await harness.client.call("POST", path + "/drain")["draining"] == true)
            #expect(harness.plane.router.status().first?.backends.first?.draining == true)
            #expect(try await harness.client.call("POST", path + "/undrain")["draining"] == false)
            let health = try await harness.client.call("GET", path + "/health")
            #expect(health["in_flight"] == .number("0"))
            #expect(health["state"] == "ready")
            #expect(health["cooling"] == .null)
            #expect(health["last_error"] == .null)
            let probed = try await harness.client.call("PATCH", path, #"{"probe":{"path":"/health","interval":"2s"}}"#)
            #expect(
                probed["probe"] == [
                    "path": "/health", "interval": "2s", "unhealthy_after": .number("3"), "healthy_after": .number("1"),
                ])
            #expect(try await harness.client.call("PATCH", path, #"{"probe":null}"#)["probe"] == .null)
            #expect(try await harness.client.call("DELETE", "/pools/fast").text("code") == "in_use")
            #expect(try await harness.client.call("DELETE", path).status == 204)
            #expect(try await harness.client.call("GET", "/pools/fast/backends").names() == [])
            #expect(try await harness.client.call("POST", "/pools/none/backends", Self.backend).status == 404)
        }
    }

    @Test("a probe answers what the backend said, and counts")
    func probe() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let made = try await harness.client.call(
                "POST", "/pools/fast/backends",
                #"{"name":"a","kind":"openai","base_url":"http://127.0.0.1:1/v1","#
                    + #""probe":{"path":"/health","interval":"1h","unhealthy_after":1}}"#)
            let path = "/backends/" + made.text("id")
            let probed = try await harness.client.call("POST", path + "/probe")
            #expect(probed["passed"] == false)
            #expect(probed["status"] == .null)
            #expect(probed.text("error").hasPrefix("connect"))
            #expect(probed["healthy"] == false)
            #expect(try await harness.client.call("GET", path + "/health")["state"] == "unhealthy")
            #expect(try await harness.client.call("POST", "/backends/be_none/probe").status == 404)
        }
    }

    @Test(
        "what a backend cannot be is refused",
        arguments: [
            (#"{"name":"a","kind":"openai"}"#, "/base_url"),
            (#"{"name":"a","kind":"bedrock","base_url":"http://a/v1"}"#, "/kind"),
            (#"{"name":"a","kind":"openai","base_url":"http://u:p@a/v1"}"#, "/base_url"),
            (#"{"name":"a","kind":"openai","base_url":"file:///etc"}"#, "/base_url"),
            (#"{"name":"a","kind":"openai","base_url":"http://a/v1","weight":0}"#, "/weight"),
            (#"{"name":"a","kind":"openai","base_url":"http://a/v1","timeouts":{"connect":5}}"#, "/timeouts/connect"),
            (
                #"{"name":"a","kind":"openai","base_url":"http://a/v1","timeouts":{"min_rate":-1}}"#,
                "/timeouts/min_rate"
            ),
            (
                #"{"name":"a","kind":"openai","base_url":"http://a/v1","timeouts":{"min_rate":"1"}}"#,
                "/timeouts/min_rate"
            ),
            (#"{"name":"a","kind":"openai","base_url":"http://a/v1","api_key":"a\nb"}"#, "/api_key"),
            (#"{"name":"a","kind":"openai","base_url":"http://a/v1","sealed_key":"x"}"#, "/sealed_key"),
            (#"{"name":"a","kind":"openai","base_url":"http://a/v1","probe":{}}"#, "/probe/path"),
        ])
    func refused(body: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let answer = try await harness.client.call("POST", "/pools/fast/backends", body)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
        }
    }

    @Test("a model's name may hold slashes, its targets must exist, and it stays while it is named")
    func models() async throws {
        try await AdminHarness.run { harness in
            let body = #"{"targets":[{"pool":"fast","upstream_model":"x"}],"max_output_tokens":512}"#
            let unknown = try await harness.client.call("PUT", "/models/meta/llama-3", body)
            #expect(unknown.text("code") == "unknown_pool")
            #expect(unknown.pointers == ["/targets/0/pool"])
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            #expect(try await harness.client.call("PUT", "/models/meta/llama-3", body).status == 201)
            #expect(try await harness.client.call("PUT", "/models/meta%2Fllama-3", body).status == 200)
            let shown = try await harness.client.call("GET", "/models/meta/llama-3")
            #expect(shown.text("name") == "meta/llama-3")
            #expect(shown["input_overhead_tokens"] == .number("256"))
            #expect(try await harness.client.call("GET", "/models").names() == ["meta/llama-3"])
            #expect(try await harness.client.call("DELETE", "/pools/fast").text("code") == "in_use")
            let tenant = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let path = "/tenants/\(tenant)/entitlements"
            _ = try await harness.client.call(
                "PUT", path, #"{"pools":[{"pool":"fast","models":["meta/llama-3"]}]}"#)
            #expect(try await harness.client.call("DELETE", "/models/meta/llama-3").text("code") == "in_use")
            _ = try await harness.client.call("PUT", path, #"{"pools":[]}"#)
            #expect(try await harness.client.call("DELETE", "/models/meta/llama-3").status == 204)
            #expect(try await harness.client.call("DELETE", "/pools/fast").status == 204)
        }
    }

    @Test(
        "what a model cannot be is refused",
        arguments: [
            (#"{"max_output_tokens":1}"#, "/targets"), (#"{"targets":[],"max_output_tokens":1}"#, "/targets"),
            (#"{"targets":[{"pool":"fast"}]}"#, "/max_output_tokens"),
            (#"{"targets":[{"pool":"fast"}],"max_output_tokens":0}"#, "/max_output_tokens"),
            (#"{"targets":[{"pool":"fast","x":1}],"max_output_tokens":1}"#, "/targets/0/x"),
            (#"{"targets":[{"pool":"fast"}],"max_output_tokens":1,"name":"other"}"#, "/name"),
        ])
    func refusedModel(body: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("PUT", "/models/m", body)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
        }
    }

    @Test("no model is called *, which stands for all of them")
    func everyModel() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let body = #"{"targets":[{"pool":"fast"}],"max_output_tokens":1}"#
            for path in ["/models/*", "/models/%2A"] {
                let refused = try await harness.client.call("PUT", path, body)
                #expect(refused.status == 400)
                #expect(refused.pointers == ["/name"])
            }
            #expect(try await harness.client.call("PUT", "/models/m*", body).status == 201)
        }
    }

    @Test("an archived tenant's budgets keep neither model nor pool, and are listed to who asks for that tenant")
    func archivedBudgets() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            for pool in ["p", "q"] { _ = try await client.call("POST", "/pools", #"{"name":"\#(pool)"}"#) }
            _ = try await client.call("PUT", "/models/m", #"{"targets":[{"pool":"p"}],"max_output_tokens":9}"#)
            var tenants: [String] = []
            for name in ["a", "b"] {
                let tenant = try await client.call("POST", "/tenants", #"{"name":"\#(name)"}"#).text("id")
                tenants.append(tenant)
                for scope in [#""model":"m""#, #""pool":"q""#] {
                    let body = #"{"tenant_id":"\#(tenant)",\#(scope),"limit":"1","window":"day"}"#
                    #expect(try await client.call("POST", "/budgets", body).status == 201)
                }
            }
            _ = try await client.call("DELETE", "/tenants/" + tenants[0])
            #expect(try await client.call("DELETE", "/models/m").text("code") == "in_use")
            #expect(try await client.call("GET", "/budgets").names("tenant_id") == [tenants[1], tenants[1]])
            _ = try await client.call("DELETE", "/tenants/" + tenants[1])
            #expect(try await client.call("DELETE", "/models/m").status == 204)
            #expect(try await client.call("DELETE", "/pools/q").status == 204)
            #expect(try await client.call("GET", "/budgets").names("id") == [])
            let kept = try await client.call("GET", "/budgets?tenant_id=" + tenants[0])
            #expect(kept.names("model") == ["m", ""])
        }
    }
}
