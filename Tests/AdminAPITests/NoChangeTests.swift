import Tenancy
import Testing

@testable import AdminAPI

/// Changes that change nothing.
@Suite struct NoChangeTests {
    private let backend = #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1","api_key":"sk-one"}"#

    @Test("what sets what is there already answers the resource and leaves no audit row")
    func nothing() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let key = try await client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"p"}"#)
            let backend = try await client.call("POST", "/pools/p/backends", backend).text("id")
            let model = #"{"targets":[{"pool":"p"}],"max_output_tokens":9}"#
            _ = try await client.call("PUT", "/models/m", model)
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let quota = #"{"rpm":5}"#
            _ = try await client.call("PUT", "/tenants/\(tenant)/quotas", quota)
            let entitlements = #"{"pools":[{"pool":"p"}]}"#
            _ = try await client.call("PUT", "/tenants/\(tenant)/entitlements", entitlements)
            let rows = try harness.plane.file.auditEntries().count
            let calls: [(method: String, path: String, body: String)] = [
                ("PATCH", "/tenants/\(tenant)", "{}"), ("PATCH", "/tenants/\(tenant)", #"{"name":"a"}"#),
                ("PATCH", "/keys/\(key)", "{}"), ("PATCH", "/budgets/\(budget)", "{}"),
                ("PATCH", "/budgets/\(budget)", #"{"limit":"1.00"}"#), ("PATCH", "/pools/p", "{}"),
                ("PATCH", "/backends/\(backend)", "{}"), ("PUT", "/models/m", model),
                ("PUT", "/tenants/\(tenant)/quotas", quota), ("PUT", "/tenants/\(tenant)/entitlements", entitlements),
            ]
            for (method, path, body) in calls {
                let before = try await client.call("GET", path)
                let answer = try await client.call(method, path, body)
                let call = Comment(rawValue: "\(method) \(path) \(body)")
                #expect(answer.status == 200 && answer.header("etag") == before.header("etag"), call)
                #expect(try harness.plane.file.auditEntries().count == rows, call)
            }
            _ = try await client.call("POST", "/tenants/\(tenant)/resume")
            #expect(try harness.plane.file.auditEntries().count == rows)
        }
    }

    @Test("a text written with other code points that looks the same is a change, with its audit row")
    func codePoints() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call(
                "POST", "/tenants", "{\"name\":\"a\",\"tags\":{\"place\":\"caf\u{E9}\"}}")
            let path = "/tenants/" + made.text("id")
            let changed = try await harness.client.call("PATCH", path, "{\"tags\":{\"place\":\"cafe\u{301}\"}}")
            #expect(changed.status == 200 && changed.header("etag") != made.header("etag"))
            let last = try #require(try harness.plane.file.auditEntries().last)
            #expect(last.action == "tenant.update")
            #expect(last.after?.utf8.elementsEqual(changed.body.text.utf8) == true)
        }
    }

    @Test("another credential of a backend is a change, though all that is shown stays the same")
    func credential() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"p"}"#)
            let id = try await harness.client.call("POST", "/pools/p/backends", backend).text("id")
            _ = try await harness.client.call("PATCH", "/backends/" + id, #"{"api_key":"sk-two"}"#)
            let last = try #require(try harness.plane.file.auditEntries().last)
            #expect(last.action == "backend.update")
            #expect(last.after?.contains(#""api_key":"replaced""#) == true)
            #expect(last.after?.contains("sk-") == false)
        }
    }
}
