import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

/// The document says what the calls do: every difference between the two fails here.
@Suite struct OpenAPITests {
    /// A server with one thing of each kind, so that a body is read before anything is missed.
    private struct Stage {
        let client: AdminClient
        let document: JSONValue
        let routes: [AdminRoute]
        private let values: [String: String]

        init(_ harness: AdminHarness) async throws {
            client = harness.client
            document = try await client.call("GET", "/openapi.json").body
            routes = RouteTable.admin(harness.plane, hasBootstrap: true).routes
                .filter { $0.path.text.hasPrefix("/admin/v1/") }
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let key = try await client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"p"}"#)
            let backend = try await client.call(
                "POST", "/pools/p/backends", #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#
            ).text("id")
            _ = try await client.call("PUT", "/models/m", #"{"targets":[{"pool":"p"}],"max_output_tokens":9}"#)
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let raise = try await client.call(
                "POST", "/budgets/\(budget)/raises",
                #"{"limit":"2","until":"\#(harness.plane.time.now().adding(milliseconds: 9_000_000).rfc3339)"}"#
            ).text("id")
            let webhook = try await client.call("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#).text("id")
            let adminKey = try await client.call("POST", "/admin-keys", #"{"name":"v","role":"viewer"}"#).text("id")
            _ = try await client.call(
                "POST", "/tenants/\(tenant)/credits", #"{"amount":"1","kind":"prepaid"}"#)
            _ = try await client.call(
                "POST", "/prices",
                #"{"model":"m","effective_from":"2026-01-01T00:00:00Z","per_million":{"input":"1","output":"1"}}"#)
            values = [
                "tenant": tenant, "key": key, "pool": "p", "backend": backend, "budget": budget, "raise": raise,
                "webhook": webhook, "admin_key": adminKey, "model": "m",
                "period": String(harness.plane.time.now().rfc3339.prefix(7)),
            ]
        }

        /// The path with real names; what is not known stands as `x`.
        func path(_ route: AdminRoute) -> String {
            route.path.names.reduce(route.path.template) { text, name in
                text.replacing("{\(name)}", with: values[name] ?? "x")
            }
        }

        func operation(_ route: AdminRoute) -> JSONValue {
            document["paths"][route.path.template][route.method.rawValue.lowercased()]
        }

        /// What is wrong with a call, by pointer.
        func faults(_ route: AdminRoute, query: String = "", _ body: String? = nil) async throws -> [String: String] {
            let answer = try await client.raw(
                route.method.rawValue, path(route) + query, body, authorization: client.bearer)
            return answer["errors"].items.reduce(into: [:]) { $0[$1["pointer"].string] = $1["detail"].string }
        }
    }

    private func known(_ detail: String?) -> [String]? {
        guard let detail, let range = detail.firstRange(of: "known are ") else { return nil }
        let list = String(detail[range.upperBound...])
        return list == "none" || list.isEmpty ? [] : list.split(separator: ", ").map(String.init)
    }

    @Test("the document holds the calls of the table and no others, and each says what it does")
    func calls() async throws {
        try await AdminHarness.run { harness in
            let stage = try await Stage(harness)
            let routes = RouteTable.admin(harness.plane, hasBootstrap: true).routes
            for route in stage.routes where route.shape == nil {
                Issue.record("give \(route.method) \(route.path.text) a RouteShape")
            }
            let told = stage.document["paths"].members.flatMap { path in
                path.value.members.map { "\($0.name) \(path.name)" }
            }
            let real = routes.filter { $0.shape != nil }
                .map { "\($0.method.rawValue.lowercased()) \($0.path.template)" }
            #expect(told.sorted() == real.sorted())
            let ids = routes.compactMap { $0.shape == nil ? nil : stage.operation($0)["operationId"].string }
            #expect(Set(ids).count == ids.count)
            #expect(stage.document["openapi"] == "3.1.0")
        }
    }

    @Test("every field and parameter has a description")
    func words() async throws {
        try await AdminHarness.run { harness in
            let stage = try await Stage(harness)
            var nameless: Set<String> = []
            func look(_ value: JSONValue) {
                for member in value["properties"].members where member.value["description"] == .null {
                    nameless.insert("FieldWords lacks \(member.name)")
                }
                for parameter in value["parameters"].items where parameter["description"] == .null {
                    nameless.insert("ParameterWords lacks \(parameter["name"].string)")
                }
                value.members.forEach { look($0.value) }
                value.items.forEach(look)
            }
            look(stage.document)
            #expect(nameless.sorted() == [])
        }
    }

    @Test("a body's fields in the document are those the call reads, and the required ones those it misses")
    func bodies() async throws {
        try await AdminHarness.run { harness in
            let stage = try await Stage(harness)
            for route in stage.routes where [.post, .put, .patch].contains(route.method) {
                guard let shape = route.shape, shape.accepts.isEmpty else { continue }
                let call = Comment(rawValue: "\(route.method.rawValue) \(route.path.text)")
                let schema = stage.operation(route)["requestBody"]["content"]["application/json"]["schema"]
                let found = try await stage.faults(route, #"{"no_such_field":1}"#)
                if schema == .null {
                    #expect(found == ["": "must be empty"], call)
                    continue
                }
                #expect(known(found["/no_such_field"]) == schema["properties"].names.sorted(), call)
                let missed = found.filter { $0.value.hasPrefix("is required") }.keys.map { String($0.dropFirst()) }
                #expect(missed.sorted() == schema["required"].items.map(\.string).sorted(), call)
            }
        }
    }

    @Test("a call's parameters in the document are those the call knows, and others are refused")
    func queries() async throws {
        try await AdminHarness.run { harness in
            let stage = try await Stage(harness)
            for route in stage.routes {
                let call = Comment(rawValue: "\(route.method.rawValue) \(route.path.text)")
                let parameters = stage.operation(route)["parameters"].items.filter { $0["in"] == "query" }
                let found = try await stage.faults(route, query: "?no_such=1")
                #expect(known(found["?no_such"]) == parameters.map { $0["name"].string }.sorted(), call)
                // The handler itself must know what its shape tells of.
                for parameter in parameters {
                    let name = parameter["name"].string
                    let faults = try await stage.faults(route, query: "?\(name)=\(sample(parameter["schema"]))")
                    #expect(faults["?" + name]?.hasPrefix("is unknown") != true, call)
                }
            }
        }
    }

    /// A text that fits a parameter's schema.
    private func sample(_ schema: JSONValue) -> String {
        if let first = schema["enum"].items.first { return first.string }
        if case .number(let least) = schema["minimum"] { return least }
        return schema["format"] == "date-time" ? "2026-01-01T00:00:00Z" : "x"
    }

    @Test("samples of one name are one sample")
    func samples() async throws {
        try await AdminHarness.run { harness in
            var known: [String: JSONValue] = [:]
            for route in RouteTable.admin(harness.plane, hasBootstrap: true).routes {
                switch route.shape?.answer {
                case .one(let sample), .list(let sample, _):
                    #expect(known.updateValue(sample.json, forKey: sample.name) ?? sample.json == sample.json)
                case .nothing, .file, nil: break
                }
            }
        }
    }

    @Test("what a reader asks for becomes its schema, nested and nullable parts included")
    func recorder() {
        let recorder = FieldRecorder()
        let body = JSONObject(recorder: recorder)
        _ = body.required("a", .flag, else: false)
        _ = body.nullable("b", .flag)
        _ = body.object("c")?.optional("d", .flag)
        for item in body.objects("e", atMost: 3) ?? [] { _ = item.required("f", .flag, else: false) }
        let inner = #""required":[],"additionalProperties":false}"#
        let expected =
            #"{"type":"object","properties":{"a":{"type":"boolean"},"#
            + #""b":{"anyOf":[{"type":"boolean"},{"type":"null"}]},"#
            + #""c":{"type":"object","properties":{"d":{"type":"boolean"}},"# + inner
            + #","e":{"type":"array","maxItems":3,"items":{"type":"object","properties":{"f":{"type":"boolean"}},"#
            + #""required":["f"],"additionalProperties":false}}},"required":["a"],"additionalProperties":false}"#
        #expect(recorder.schema.text == expected)
    }
}
