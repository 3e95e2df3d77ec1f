import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct EntityTagTests {
    @Test("reading and changing a resource tell its tag, and the tag follows the state")
    func tags() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            #expect(made.header("etag").isEmpty)
            let path = "/tenants/" + made.text("id")
            let read = try await harness.client.call("GET", path).header("etag")
            #expect(read.hasPrefix("\"") && read.hasSuffix("\"") && read.count == 34)
            #expect(try await harness.client.call("GET", path).header("etag") == read)
            let changed = try await harness.client.call("PATCH", path, #"{"trim_floor":9}"#).header("etag")
            #expect(changed != read)
            #expect(try await harness.client.call("GET", path).header("etag") == changed)
        }
    }

    @Test("every kind of resource refuses a change to a state that is gone, and takes one to the present state")
    func everyKind() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let key = try await client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"p"}"#)
            let backend = try await client.call(
                "POST", "/pools/p/backends", #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#
            ).text("id")
            let model = #"{"targets":[{"pool":"p"}],"max_output_tokens":9}"#
            _ = try await client.call("PUT", "/models/m", model)
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let until = harness.plane.time.now().adding(milliseconds: 3_600_000).rfc3339
            let raise = try await client.call(
                "POST", "/budgets/\(budget)/raises", #"{"limit":"9","until":"\#(until)"}"#
            ).text("id")
            let webhook = try await client.call("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#).text("id")
            let admin = try await client.call("POST", "/admin-keys", #"{"name":"v","role":"viewer"}"#).text("id")
            let calls: [(String, String, String?)] = [
                ("PATCH", "/tenants/{tenant}", #"{"name":"b"}"#),
                ("PUT", "/tenants/{tenant}/entitlements", #"{"pools":[{"pool":"p","models":["*"]}]}"#),
                ("PUT", "/tenants/{tenant}/quotas", #"{"rpm":5}"#), ("PUT", "/keys/{key}/quotas", #"{"rpm":5}"#),
                ("PATCH", "/keys/{key}", #"{"name":"l"}"#), ("PATCH", "/budgets/{budget}", #"{"limit":"2"}"#),
                ("PATCH", "/pools/{pool}", #"{"policy":"weighted"}"#),
                ("PATCH", "/backends/{backend}", #"{"weight":5}"#),
                ("PUT", "/models/{model...}", #"{"targets":[{"pool":"p"}],"max_output_tokens":8}"#),
                ("DELETE", "/budgets/{budget}/raises/{raise}", nil), ("DELETE", "/webhooks/{webhook}", nil),
                ("DELETE", "/admin-keys/{admin_key}", nil), ("DELETE", "/budgets/{budget}", nil),
                ("DELETE", "/keys/{key}", nil), ("DELETE", "/tenants/{tenant}", nil),
                ("DELETE", "/models/{model...}", nil), ("DELETE", "/backends/{backend}", nil),
                ("DELETE", "/pools/{pool}", nil),
            ]
            let changing = RouteTable.admin(harness.plane, hasBootstrap: true).routes
                .filter { [.put, .patch, .delete].contains($0.method) && $0.path.text.hasPrefix("/admin/v1/") }.map {
                    "\($0.method) \($0.path.text)"
                }
            #expect(Set(calls.map { "\($0.0) /admin/v1\($0.1)" }) == Set(changing))
            for (method, pattern, body) in calls {
                let path = pattern.replacing("{tenant}", with: tenant).replacing("{key}", with: key)
                    .replacing("{pool}", with: "p").replacing("{backend}", with: backend)
                    .replacing("{budget}", with: budget).replacing("{model...}", with: "m")
                    .replacing("{admin_key}", with: admin).replacing("{raise}", with: raise)
                    .replacing("{webhook}", with: webhook)
                let present = try await client.call("GET", path).header("etag")
                #expect(!present.isEmpty, Comment(rawValue: path))
                for wrong in ["\"0123\"", "W/" + present, present + " x", "nonsense", ""] {
                    let refused = try await client.call(method, path, body, headers: ["if-match": wrong])
                    #expect(refused.status == 412, Comment(rawValue: "\(method) \(path) \(wrong)"))
                    #expect(refused.text("code") == "precondition_failed")
                }
                #expect(try await client.call("GET", path).header("etag") == present, Comment(rawValue: path))
                let taken = try await client.call(method, path, body, headers: ["if-match": "\"0\", " + present])
                #expect([200, 204].contains(taken.status), Comment(rawValue: "\(method) \(path)"))
                if method != "DELETE" {
                    #expect(taken.header("etag") != present)
                    let any = try await client.call(method, path, body, headers: ["if-match": "*"])
                    #expect(any.status == 200, Comment(rawValue: path))
                }
            }
            let created = try await client.call("PUT", "/models/new", model, headers: ["if-match": "*"])
            #expect(created.status == 412)
        }
    }

    @Test("of 200 changes to one state at once, one is made; without the tag all are")
    func race() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let path = "/budgets/" + budget
            let tag = try await client.call("GET", path).header("etag")
            for (headers, expected) in [(["if-match": tag], 1), ([:], 200)] as [([String: String], Int)] {
                let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for index in 0..<200 {
                        group.addTask {
                            // Never what is there already: that would be no change.
                            let body = "{\"limit\":\"\(index + expected * 1000)\"}"
                            return try await client.call("PATCH", path, body, headers: headers).status == 200
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(made == expected)
            }
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.filter { $0.action == "budget.update" }.count == 201)
        }
    }
}
