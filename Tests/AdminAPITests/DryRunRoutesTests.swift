import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct DryRunRoutesTests {
    @Test("a dry run of a budget nobody used answers with nothing refused; what it cannot be is refused")
    func answers() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await harness.client.call("POST", "/tenants", #"{"name":"acme"}"#).text("id")
            let budget = try await harness.client.call(
                "POST", "/budgets", "{\"tenant_id\":\"\(tenant)\",\"limit\":\"10\",\"window\":\"month\"}"
            ).text("id")
            let path = "/budgets/\(budget)/dry-run"
            let answer = try await harness.client.call("POST", path, #"{"limit":"2.50","days":92}"#)
            #expect(answer.status == 200)
            #expect(
                [answer.text("limit"), answer.text("refused_cost"), answer.text("window")] == ["2.5", "0", "month"])
            #expect(
                [answer["days"], answer["requests"], answer["refused"]] == [.integer(92), .integer(0), .integer(0)])
            #expect(
                [answer["windows"], answer["by_key"], answer["by_model"]] == Array(repeating: .array([]), count: 3))
            #expect(answer["first_refused_at"] == .null)
            for (body, pointer) in [
                (#"{"limit":"1","days":0}"#, "/days"), (#"{"limit":"1","days":93}"#, "/days"),
                (#"{"limit":"1"}"#, "/days"), (#"{"limit":1,"days":5}"#, "/limit"),
                (#"{"limit":"1","days":5,"window":"day"}"#, "/window"),
            ] {
                let answer = try await harness.client.call("POST", path, body)
                #expect(answer.status == 400)
                #expect(answer.pointers == [pointer])
            }
            let nobody = try await harness.client.call("POST", "/budgets/bud_x/dry-run", #"{"limit":"1","days":5}"#)
            #expect(nobody.status == 404)
        }
    }
}
