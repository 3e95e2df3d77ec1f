import Billing
import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

/// What the calls answer against what the document promises: reads and changes, with something in every list.
@Suite struct OpenAPIAnswersTests {
    /// One call; what it answers fits its schema, and its id is known by a name afterwards.
    private struct Step {
        let call: String
        var body: String?
        var saves: String?

        init(_ call: String, _ body: String? = nil, saves: String? = nil) {
            (self.call, self.body, self.saves) = (call, body, saves)
        }
    }

    private static let makings: [Step] = [
        Step("POST /tenants", #"{"name":"a"}"#, saves: "tenant"),
        Step("PATCH /tenants/{tenant}", #"{"tags":{"team":"x"},"uncertain_release_after":"1h"}"#),
        Step("GET /tenants"), Step("POST /tenants/{tenant}/suspend"), Step("POST /tenants/{tenant}/resume"),
        Step("POST /tenants/{tenant}/credits", #"{"amount":"1","kind":"prepaid","note":"n"}"#),
        Step("GET /tenants/{tenant}/credits"), Step("GET /tenants/{tenant}"),
        Step("POST /pools", #"{"name":"p"}"#), Step("PATCH /pools/p", #"{"policy":"latency"}"#), Step("GET /pools/p"),
        Step(
            "POST /pools/p/backends", #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#,
            saves: "backend"),
        Step("GET /pools"), Step("GET /pools?expand=backends"), Step("GET /pools/p/backends"),
        Step("PATCH /backends/{backend}", #"{"rpm":5,"max_concurrency":2,"probe":{"path":"/","interval":"1h"}}"#),
        Step("GET /backends/{backend}"), Step("GET /backends/{backend}/health"), Step("POST /backends/{backend}/probe"),
        Step("POST /backends/{backend}/drain"), Step("POST /backends/{backend}/undrain"),
        Step("PUT /models/m", #"{"targets":[{"pool":"p"}],"max_output_tokens":9}"#),
        Step("PUT /models/m", #"{"targets":[{"pool":"p","upstream_model":"@x/m"}],"max_output_tokens":8}"#),
        Step("GET /models/m"), Step("GET /models"),
        Step("PUT /tenants/{tenant}/entitlements", #"{"pools":[{"pool":"p","models":["*"]}]}"#),
        Step("GET /tenants/{tenant}/entitlements"),
        Step("PUT /tenants/{tenant}/quotas", #"{"rpm":5}"#), Step("GET /tenants/{tenant}/quotas"),
        Step("POST /tenants/{tenant}/keys", #"{"name":"k","tags":{"team":"y"}}"#, saves: "key"),
        Step("GET /tenants/{tenant}/keys"),
        Step("PATCH /keys/{key}", #"{"models":["m"],"allowed_ips":["10.0.0.0/8"]}"#),
        Step("POST /keys/{key}/rotate", #"{"grace_seconds":60}"#), Step("GET /keys/{key}"),
        Step("PUT /keys/{key}/quotas", #"{"tpd":5}"#), Step("GET /keys/{key}/quotas"),
        Step("POST /budgets", #"{"tenant_id":"{tenant}","limit":"1","window":"day"}"#, saves: "budget"),
        Step("POST /budgets/{budget}/raises", #"{"limit":"2","until":"{soon}"}"#, saves: "raise"),
        Step("GET /budgets/{budget}/raises/{raise}"), Step("GET /budgets/{budget}/raises"),
        Step("GET /budgets"), Step("GET /budgets?expand=state"), Step("GET /budgets/{budget}"),
        Step("GET /budgets/{budget}/state"), Step("PATCH /budgets/{budget}", #"{"alerts_at":[0.5]}"#),
        Step("POST /budgets/{budget}/dry-run", #"{"limit":"9","days":1}"#),
        Step("POST /prices", price), Step("POST /prices", price), Step("GET /prices"),
        Step("GET /prices/history?model=m"),
        Step(
            "POST /prices/import?format=litellm",
            #"{"listed":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}}"#),
    ]

    private static let books: [Step] = [
        Step("GET /prices/imports"), Step("GET /holds", saves: "hold"),
        Step("POST /holds/{hold}/resolve", #"{"release":true}"#),
        Step("POST /holds/resolve", #"{"older_than":"0s","release":true}"#),
        Step("GET /usage?start=2026-10-24&end=2026-10-26&group_by=tenant,key,model,pool,backend,tag:team"),
        Step("GET /costs?start=2026-10-24&end=2026-10-26&group_by=meter,tag:none"),
        Step("GET /requests?start=2026-10-24T00:00:00Z", saves: "request"), Step("GET /requests/{request}"),
        Step("GET /periods"), Step("GET /periods/{month}"), Step("POST /periods/{month}/close", #"{"grace":"0s"}"#),
    ]

    private static let closed: [Step] = [
        Step("POST /periods/{month}/corrections", #"{"tenant_id":"{tenant}","amount":"-1.5","reason":"a mistake"}"#),
        Step("GET /periods/{month}/corrections"), Step("GET /periods/{month}"),
        Step("POST /reconciliations?provider=csv", "day,model,cost\n2026-10-01,m,1.5\n", saves: "reconciliation"),
        Step("GET /reconciliations"), Step("GET /reconciliations/{reconciliation}"),
        Step("POST /webhooks", #"{"url":"http://127.0.0.1:9/"}"#, saves: "webhook"),
        Step("GET /webhooks"), Step("GET /webhooks/{webhook}"), Step("POST /webhooks/{webhook}/test"),
        Step("GET /webhooks/{webhook}/deliveries"),
        Step("POST /admin-keys", #"{"name":"v","role":"viewer"}"#, saves: "admin_key"),
        Step("GET /admin-keys"), Step("GET /admin-keys/{admin_key}"),
        Step("POST /master-key/finish", #"{"proof":"{proof}"}"#),
        Step("POST /master-key/rotate", #"{"wrapped_key":"{wrapped}"}"#), Step("GET /master-key"),
        Step("GET /audit-log"), Step("GET /status"), Step("GET /status/history"), Step("GET /whoami"),
    ]

    private static let price =
        #"{"model":"m","effective_from":"2026-01-01T00:00:00Z","per_million":{"input":"1","output":"1"}}"#

    /// An earlier process that served calls and was ended in the middle of one.
    private static func past(_ ledger: Ledger, _ file: DatabaseFile) async throws {
        try await UsageRoutesTests.serve(ledger, file)
        let now = SystemClock().now()
        let owner = Tenant(id: ID("ten_1"), name: "acme", createdAt: now)
        let claim = Ledger.Claim(
            requestID: .make(at: now), attempt: 1, tenant: owner, keyID: ID("key_1"), model: "m", pool: "p",
            wanted: Money(pico: 10), admittedAt: now)
        guard case .held(let reservation) = ledger.reserve(claim) else { throw LedgerError.unavailable("no hold") }
        await withCheckedContinuation { done in ledger.record(reservation) { _ in done.resume() } }
    }

    @Test("every answer fits the schema of its call and holds nothing that the document does not tell of")
    func fit() async throws {
        try await AdminHarness.run(before: Self.past) { harness in
            let document = try await harness.client.call("GET", "/openapi.json").body
            let table = RouteTable.admin(harness.plane, hasBootstrap: true)
            let (masterKey, now) = (harness.plane.masterKey, harness.plane.time.now())
            var values = [
                "month": harness.lastMonth.text, "soon": now.adding(milliseconds: 9_000_000).rfc3339,
                "proof": try MasterKeyRotation.proof(masterKey),
                "wrapped": Base64.encode(try masterKey.wrap(try MasterKey(base64: MasterKey.generate()))),
            ]
            var called: Set<String> = []
            for steps in [Self.makings, Self.books, Self.closed] {
                for step in steps {
                    called.insert(try await run(step, harness.client, table, document, &values))
                }
                await harness.plane.periods.sweep()
            }
            let answering = table.routes.filter { route in
                guard route.path.text.hasPrefix("/admin/v1/") else { return false }
                return switch route.shape?.answer {
                case .one(let sample): sample.name != "OpenAPI"
                case .list: true
                case .nothing, .file, nil: false
                }
            }
            #expect(called.sorted() == answering.map { "\($0.method) \($0.path.text)" }.sorted())
        }
    }

    /// Makes the call, judges its answer and returns its route.
    private func run(
        _ step: Step, _ client: AdminClient, _ table: RouteTable, _ document: JSONValue,
        _ values: inout [String: String]
    ) async throws -> String {
        let known = values
        let real = { (text: String) in known.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) } }
        let parts = step.call.split(separator: " ").map(String.init)
        let path = "/admin/v1" + real(parts[1])
        let answer = try await client.raw(parts[0], path, step.body.map(real), authorization: client.bearer)
        let comment = Comment(rawValue: step.call + " -> " + answer.body.text)
        let method = try #require(HTTPRequest.Method(parts[0]))
        guard case .found(let route, _) = table.match(method, String(path.prefix { $0 != "?" })) else {
            Issue.record(comment)
            return step.call
        }
        #expect((200...201).contains(answer.status), comment)
        let responses = document["paths"][route.path.template][parts[0].lowercased()]["responses"]
        let schema = responses[String(answer.status)]["content"]["application/json"]["schema"]
        #expect(schema != .null, comment)
        #expect(SchemaCheck(document: document).faults(answer.body, schema) == [], comment)
        if case .list? = route.shape?.answer { #expect(!answer["data"].items.isEmpty, comment) }
        if let name = step.saves {
            values[name] = answer["id"] == .null ? answer["data"].items.first?["id"].string : answer.text("id")
        }
        return "\(route.method) \(route.path.text)"
    }
}
