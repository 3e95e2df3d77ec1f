import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

/// The document's examples: there is one for all that takes or gives JSON, each fits its schema, and bodies are taken.
@Suite struct OpenAPIExamplesTests {
    /// The gateway's answers to calls of the document, with the names of things that are there.
    private struct Stage {
        let client: AdminClient
        let document: JSONValue
        let routes: [AdminRoute]
        private let values: [String: String]

        init(_ harness: AdminHarness) async throws {
            client = harness.client
            document = try await client.call("GET", "/openapi.json").body
            routes = RouteTable.admin(harness.plane, hasBootstrap: true).routes
                .filter { $0.path.text.hasPrefix("/admin/v1/") && $0.shape != nil }
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let key = try await client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"fast"}"#)
            let backend = try await client.call(
                "POST", "/pools/fast/backends", #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#
            ).text("id")
            _ = try await client.call(
                "PUT", "/models/smollm2", #"{"targets":[{"pool":"fast"}],"max_output_tokens":9}"#)
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let webhook = try await client.call("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#).text("id")
            values = [
                "tenant": tenant, "key": key, "pool": "fast", "backend": backend, "budget": budget,
                "webhook": webhook, "model": "smollm2",
                "soon": harness.plane.time.now().adding(milliseconds: 86_400_000).rfc3339,
                "period": String(harness.plane.time.now().rfc3339.prefix(7)),
            ]
        }

        func operation(_ route: AdminRoute) -> JSONValue {
            document["paths"][route.path.template][route.method.rawValue.lowercased()]
        }

        /// What the document says that a call answers with this status.
        func answer(_ route: AdminRoute, _ status: Int) -> JSONValue {
            operation(route)["responses"][String(status)]["content"]["application/json"]
        }

        func call(_ route: AdminRoute, query: String, _ example: JSONValue) async throws -> AdminClient.Answer {
            let path = route.path.names.reduce(route.path.template) { text, name in
                text.replacing("{\(name)}", with: values[name] ?? "x")
            }
            let body = example.text.replacing("ten_01k9yq3v8f6d2m4t7w5x1z0a9b", with: values["tenant"] ?? "")
                .replacing("2026-12-31T00:00:00Z", with: values["soon"] ?? "")
            return try await client.raw(
                route.method.rawValue, path + query, example == .null ? nil : body, authorization: client.bearer)
        }
    }

    @Test("every call that gives JSON has an example of each of its answers, which fits")
    func answers() async throws {
        try await AdminHarness.run { harness in
            let stage = try await Stage(harness)
            let check = SchemaCheck(document: stage.document)
            for route in stage.routes {
                let id = stage.operation(route)["operationId"].string
                for status in route.shape?.statuses ?? [] {
                    let content = stage.answer(route, status)
                    guard content["schema"] != .null, id != "get_openapi_json" else { continue }
                    #expect(check.faults(content["example"], content["schema"]) == [], Comment(rawValue: id))
                    #expect(!content["example"].text.contains(#":"""#), "\(id): \(content["example"].text)")
                }
            }
        }
    }

    @Test("every call that takes JSON has an example of it, which fits and is taken, and what it answers fits too")
    func bodies() async throws {
        // Of what the stage has not: an uncertain hold, a month that is over, one that is closed, this master key.
        let refused = [
            "post_holds_hold_resolve": 404, "post_periods_period_close": 409, "post_periods_period_corrections": 409,
            "post_master_key_rotate": 409, "post_master_key_finish": 409,
        ]
        try await AdminHarness.run { harness in
            let stage = try await Stage(harness)
            let check = SchemaCheck(document: stage.document)
            var unused = Set(BodyExamples.all.keys)
            for route in stage.routes where [.post, .put, .patch].contains(route.method) {
                let id = stage.operation(route)["operationId"].string
                unused.remove(id)
                let body = stage.operation(route)["requestBody"]["content"]
                let content = body["application/json"]
                let example = content["example"] == .null ? body["text/csv"]["example"] : content["example"]
                #expect((example == .null) == (body == .null), Comment(rawValue: id))
                if content["schema"] != .null {
                    #expect(check.faults(example, content["schema"]) == [], Comment(rawValue: id))
                }
                // A bill is read by its provider's format, which the query names.
                guard body["text/csv"] == .null else { continue }
                let query = id == "post_prices_import" ? "?format=litellm" : ""
                let answer = try await stage.call(route, query: query, example)
                let statuses = refused[id].map { [$0] } ?? route.shape?.statuses ?? []
                #expect(statuses.contains(answer.status), "\(id): \(answer.status) \(answer.body.text)")
                guard answer.status < 300, answer.body != .null else { continue }
                #expect(
                    check.faults(answer.body, stage.answer(route, answer.status)["schema"]) == [],
                    Comment(rawValue: id))
            }
            #expect(unused == [])
        }
    }
}
