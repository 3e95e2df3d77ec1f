import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct RaiseRoutesTests {
    private func tenant(_ harness: AdminHarness) async throws -> String {
        try await harness.client.call("POST", "/tenants", #"{"name":"acme"}"#).text("id")
    }

    private func budget(_ harness: AdminHarness, limit: String = "10") async throws -> String {
        let tenant = try await tenant(harness)
        return try await harness.client.call(
            "POST", "/budgets", "{\"tenant_id\":\"\(tenant)\",\"limit\":\"\(limit)\",\"window\":\"month\"}"
        ).text("id")
    }

    private func later(_ harness: AdminHarness, seconds: Int64 = 3600) -> String {
        harness.plane.time.now().adding(milliseconds: seconds * 1000).rfc3339
    }

    @Test("a raise counts at once, is shown, audited, and ended early")
    func life() async throws {
        try await AdminHarness.run { harness in
            let path = "/budgets/" + (try await budget(harness))
            let until = later(harness)
            let made = try await harness.client.call(
                "POST", path + "/raises", "{\"limit\":\"25\",\"until\":\"\(until)\"}")
            #expect(made.status == 201)
            #expect(made["running"] == .bool(true))
            let state = try await harness.client.call("GET", path + "/state")
            #expect([state.text("limit"), state.text("remaining")] == ["25", "25"])
            let shown: JSONValue = [
                "id": .string(made.text("id")), "limit": "25", "until": .string(made.text("until")),
            ]
            #expect(state["raises"] == .array([shown]))
            let budget = try await harness.client.call("GET", path)
            #expect(budget.text("limit") == "10")
            guard case .array(let running) = budget["raises"] else { return #expect(Bool(false)) }
            #expect(running.count == 1)
            #expect(try await harness.client.call("GET", path + "/raises").names("id") == [made.text("id")])
            let raise = path + "/raises/" + made.text("id")
            #expect(try await harness.client.call("DELETE", raise).status == 204)
            #expect(try await harness.client.call("DELETE", raise).status == 404)
            #expect(try await harness.client.call("GET", path + "/state").text("limit") == "10")
            let listed = try await harness.client.call("GET", path + "/raises")
            #expect(listed.names("id") == [made.text("id")])
            let audit = try harness.plane.file.auditEntries()
            #expect(audit.suffix(2).map(\.action) == ["budget.raise", "budget.raise.end"])
        }
    }

    @Test(
        "what is no raise is refused and changes nothing",
        arguments: [
            (#""limit":"10","until":"LATER""#, "/limit"), (#""limit":"9.99","until":"LATER""#, "/limit"),
            (#""limit":"20","until":"2020-01-01T00:00:00Z""#, "/until"),
            (#""limit":"20","until":"2099-01-01T00:00:00Z""#, "/until"), (#""limit":"20""#, "/until"),
            (#""limit":20,"until":"LATER""#, "/limit"), (#""limit":"20","until":"LATER","from":1"#, "/from"),
        ])
    func refused(fields: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let path = "/budgets/" + (try await budget(harness))
            let body = "{\(fields.replacing("LATER", with: later(harness)))}"
            let answer = try await harness.client.call("POST", path + "/raises", body)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
            #expect(try await harness.client.call("GET", path + "/state").text("limit") == "10")
            #expect(try await harness.client.call("GET", path + "/raises").names("id") == [])
        }
    }

    @Test("a budget has at most sixteen raises that run, and one that is gone has none")
    func bounds() async throws {
        try await AdminHarness.run { harness in
            let path = "/budgets/" + (try await budget(harness))
            let body = "{\"limit\":\"25\",\"until\":\"\(later(harness))\"}"
            for _ in 0..<BudgetRaise.runningAtMost {
                #expect(try await harness.client.call("POST", path + "/raises", body).status == 201)
            }
            let full = try await harness.client.call("POST", path + "/raises", body)
            #expect(full.status == 409)
            #expect(full.text("code") == "too_many_raises")
            #expect(try await harness.client.call("POST", "/budgets/bud_x/raises", body).status == 404)
            #expect(try await harness.client.call("GET", "/budgets/bud_x/raises").status == 404)
        }
    }

    @Test("credits are recorded, listed with their sums, and refused when they are none")
    func credits() async throws {
        try await AdminHarness.run { harness in
            let path = "/tenants/" + (try await tenant(harness)) + "/credits"
            let made = try await harness.client.call(
                "POST", path, #"{"amount":"100.5","kind":"prepaid","note":"invoice 7"}"#)
            #expect(made.status == 201)
            #expect([made.text("amount"), made.text("created_by")] == ["100.5", "bootstrap"])
            _ = try await harness.client.call("POST", path, #"{"amount":"0.25","kind":"goodwill"}"#)
            for _ in 0..<2 {
                let once = try await harness.client.call(
                    "POST", path, #"{"amount":"1","kind":"prepaid"}"#, headers: ["idempotency-key": "once"])
                #expect(once.status == 201)
            }
            let all = try await harness.client.call("GET", path)
            #expect(all.names("amount") == ["100.5", "0.25", "1"])
            let listed = try await harness.client.call("GET", path + "?limit=2")
            #expect(listed.names("amount") == ["100.5", "0.25"])
            let shown = try await harness.client.call("GET", String(path.dropLast("/credits".count)))
            #expect(shown["credits"] == listed["totals"])
            #expect(listed["totals"] == ["prepaid": "101.5", "goodwill": "0.25", "total": "101.75"])
            let audit = try harness.plane.file.auditEntries()
            #expect(audit.suffix(3).map(\.action) == Array(repeating: "tenant.credit", count: 3))
            for (body, pointer) in [
                (#"{"amount":"0","kind":"prepaid"}"#, "/amount"), (#"{"amount":"-1","kind":"prepaid"}"#, "/amount"),
                (#"{"amount":5,"kind":"prepaid"}"#, "/amount"), (#"{"kind":"prepaid"}"#, "/amount"),
                (#"{"amount":"1","kind":"gift"}"#, "/kind"), (#"{"amount":"1"}"#, "/kind"),
            ] {
                let answer = try await harness.client.call("POST", path, body)
                #expect(answer.status == 400)
                #expect(answer.pointers == [pointer])
            }
            let nobody = try await harness.client.call(
                "POST", "/tenants/ten_x/credits", #"{"amount":"1","kind":"prepaid"}"#)
            #expect(nobody.status == 404)
        }
    }
}
