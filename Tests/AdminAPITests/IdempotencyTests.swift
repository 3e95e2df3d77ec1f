import Billing
import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct IdempotencyTests {
    private func key(_ text: String) -> [String: String] { ["idempotency-key": text] }

    @Test("a POST that is sent twice under one key is made once and answered twice")
    func replay() async throws {
        try await AdminHarness.run { harness in
            let body = #"{"name":"a"}"#
            let first = try await harness.client.call("POST", "/tenants", body, headers: key("k-1"))
            let second = try await harness.client.call("POST", "/tenants", body, headers: key("k-1"))
            #expect(first.status == 201)
            #expect(first.header("idempotency-replayed").isEmpty)
            #expect(second.status == 201)
            #expect(second.header("idempotency-replayed") == "true")
            #expect(second.body == first.body)
            #expect(second.requestID != first.requestID)
            #expect(try await harness.client.call("GET", "/tenants").names() == ["a"])
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.count == 1)
        }
    }

    @Test("a repeated key creation shows no secret, and none is kept")
    func secrets() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let calls = [
                ("/tenants/\(tenant)/keys", #"{"name":"k"}"#), ("/admin-keys", #"{"name":"k","role":"viewer"}"#),
            ]
            let hook = #"{"url":"http://127.0.0.1:9/"}"#
            let made = try await harness.client.call("POST", "/webhooks", hook, headers: key("w"))
            let repeated = try await harness.client.call("POST", "/webhooks", hook, headers: key("w"))
            #expect(made.text("secret").hasPrefix("whsec_"))
            #expect([repeated["secret"], repeated["id"]] == [.null, made["id"]])
            #expect(try await harness.client.call("GET", "/webhooks").names("id").count == 1)
            for (path, body) in calls {
                let first = try await harness.client.call("POST", path, body, headers: key(path))
                let again = try await harness.client.call("POST", path, body, headers: key(path))
                #expect(!first.text("key").isEmpty)
                #expect(again.status == 201)
                #expect(again["key"] == .null)
                #expect(again.text("id") == first.text("id"))
                let record = try harness.plane.file.read { db in
                    try TenancyStore.idempotencyRecord(db, actor: "bootstrap", key: path)
                }
                #expect(record?.body?.contains(first.text("key")) == false)
            }
            let keyID = try await harness.client.call("GET", "/tenants/\(tenant)/keys").names("id")
            let rotate = "/keys/\(keyID.first ?? "")/rotate"
            let rotated = try await harness.client.call("POST", rotate, #"{"grace_seconds":9}"#, headers: key("r"))
            let again = try await harness.client.call("POST", rotate, #"{"grace_seconds":9}"#, headers: key("r"))
            #expect(!rotated.text("key").isEmpty)
            #expect(again["key"] == .null)
            #expect(again["secrets"] == rotated["secrets"])
        }
    }

    @Test("the same key with another body or path is a mismatch, and another caller's key is another key")
    func mismatch() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#, headers: key("k"))
            for (path, body) in [
                ("/tenants", #"{"name":"b"}"#), ("/tenants", #"{ "name":"a"}"#), ("/pools", #"{"name":"a"}"#),
            ] {
                let answer = try await harness.client.call("POST", path, body, headers: key("k"))
                #expect(answer.status == 409)
                #expect(answer.text("code") == "idempotency_mismatch")
            }
            let (_, text) = try await harness.adminKey(.admin)
            let other = harness.client.with(credential: text)
            defer { other.close() }
            let answer = try await other.call("POST", "/tenants", #"{"name":"b"}"#, headers: key("k"))
            #expect(answer.status == 201)
            #expect(answer.header("idempotency-replayed").isEmpty)
        }
    }

    @Test("a refusal is not kept: the next attempt is judged anew")
    func refusals() async throws {
        try await AdminHarness.run { harness in
            let bad = try await harness.client.call("POST", "/tenants", #"{"name":7}"#, headers: key("k"))
            #expect(bad.status == 400)
            let good = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#, headers: key("k"))
            #expect(good.status == 201)
            let taken = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#, headers: key("n"))
            #expect(taken.status == 409)
            _ = try await harness.client.call("DELETE", "/tenants/" + good.text("id"))
            let free = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#, headers: key("n"))
            #expect(free.status == 201)
        }
    }

    @Test("twins that run at once make one change; the others are told so or get its answer")
    func twins() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let client = harness.client
            let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let answer = try await client.call(
                            "POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#, headers: ["idempotency-key": "k"])
                        return (answer.status, answer.text("code") + answer.header("idempotency-replayed"))
                    }
                }
                return try await group.reduce(into: [(Int, String)]()) { $0.append($1) }
            }
            #expect(answers.filter { $0 == (201, "") }.count == 1)
            for answer in answers {
                #expect([(201, ""), (201, "true"), (409, "idempotency_in_flight")].contains { $0 == answer })
            }
            #expect(try await harness.client.call("GET", "/tenants/\(tenant)/keys").names() == ["k"])
        }
    }

    @Test("keys of the wrong form are refused", arguments: ["", String(repeating: "k", count: 256), "é"])
    func form(text: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#, headers: key(text))
            #expect(answer.status == 400)
            #expect(answer.text("code") == "invalid_idempotency_key")
        }
    }

    @Test("changes of every kind that POST makes are kept, those without a transaction too")
    func everyKind() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let key = try await client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"p"}"#)
            let backend = try await client.call(
                "POST", "/pools/p/backends", #"{"name":"b","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#
            ).text("id")
            _ = try await client.call("PUT", "/models/m", #"{"targets":[{"pool":"p"}],"max_output_tokens":9}"#)
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"week"}"#
            ).text("id")
            let webhook = try await client.call("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#).text("id")
            let month = harness.lastMonth.text
            _ = try await client.call("POST", "/periods/\(month)/close", #"{"grace":"0s"}"#)
            await harness.plane.periods.sweep()
            let until = harness.plane.time.now().adding(milliseconds: 3_600_000).rfc3339
            let price =
                #"{"model":"m","effective_from":"2026-01-01T00:00:00Z","per_million":{"input":"1","output":"1"}}"#
            let masterKey = harness.plane.masterKey
            let wrapped = Base64.encode(try masterKey.wrap(try MasterKey(base64: MasterKey.generate())))
            let bodies: [String: String?] = [
                "/master-key/finish": #"{"proof":"\#(try MasterKeyRotation.proof(masterKey))"}"#,
                "/master-key/rotate": #"{"wrapped_key":"\#(wrapped)"}"#,
                "/tenants": #"{"name":"b"}"#, "/tenants/{tenant}/suspend": nil, "/tenants/{tenant}/resume": nil,
                "/tenants/{tenant}/keys": #"{"name":"k2"}"#, "/keys/{key}/rotate": #"{"grace_seconds":1}"#,
                "/budgets": #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#, "/pools": #"{"name":"q"}"#,
                "/pools/{pool}/backends": #"{"name":"c","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#,
                "/backends/{backend}/drain": nil, "/backends/{backend}/undrain": nil, "/backends/{backend}/probe": nil,
                "/prices": price, "/holds/resolve": #"{"older_than":"1h","release":true}"#,
                "/admin-keys": #"{"name":"v","role":"viewer"}"#,
                "/budgets/{budget}/raises": #"{"limit":"9","until":"\#(until)"}"#,
                "/budgets/{budget}/dry-run": #"{"limit":"9","days":1}"#,
                "/tenants/{tenant}/credits": #"{"amount":"1","kind":"goodwill"}"#,
                "/prices/import?format=litellm":
                    #"{"listed":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}}"#,
                "/reconciliations?provider=csv": "day,model,cost\n2026-10-01,m,1.5\n",
                "/periods/{period}/close": #"{"grace":"1h"}"#,
                "/periods/{period}/corrections":
                    #"{"tenant_id":"\#(tenant)","amount":"-1.5","reason":"a mistake"}"#,
                "/webhooks": #"{"url":"http://127.0.0.1:9/"}"#, "/webhooks/{webhook}/test": nil,
            ]
            // Resolving one hold is tested where a hold is at hand.
            let tested = Set(
                bodies.keys.map { "/admin/v1" + ($0.split(separator: "?").first ?? "") } + [
                    "/admin/v1/holds/{hold}/resolve"
                ])
            let table = RouteTable.admin(harness.plane, hasBootstrap: true)
            let native = table.routes.filter { $0.method == .post && $0.path.text.hasPrefix("/admin/v1/") }
            #expect(tested == Set(native.map(\.path.text)))
            for (path, body) in bodies.sorted(by: { $0.key < $1.key }) {
                let real = path.replacing("{tenant}", with: tenant).replacing("{key}", with: key)
                    .replacing("{pool}", with: "p").replacing("{backend}", with: backend)
                    .replacing("{budget}", with: budget).replacing("{webhook}", with: webhook)
                    .replacing("{period}", with: month)
                let first = try await client.call("POST", real, body, headers: ["idempotency-key": path])
                let second = try await client.call("POST", real, body, headers: ["idempotency-key": path])
                #expect((200...201).contains(first.status), Comment(rawValue: path))
                #expect(second.status == first.status, Comment(rawValue: path))
                #expect(second.header("idempotency-replayed") == "true", Comment(rawValue: path))
            }
        }
    }
}
