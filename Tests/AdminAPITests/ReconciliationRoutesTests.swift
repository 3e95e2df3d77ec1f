import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct ReconciliationRoutesTests {
    private func billed(_ format: BillFormat, _ text: String) throws -> [BilledAmount] {
        try format.read(Array(text.utf8))
    }

    @Test("OpenAI's costs are read, a page or several, numbers and texts")
    func openai() throws {
        let page = """
            {"object":"page","data":[{"object":"bucket","start_time":1793491200,"end_time":1793577600,"results":[
            {"amount":{"value":0.06,"currency":"usd"},"line_item":"gpt-4o-mini-2024-07-18, input"},
            {"amount":{"value":"1.5e-3","currency":"usd"},"line_item":null},
            {"amount":{"value":-0.01,"currency":"usd"},"line_item":"o1, output"}]}],"has_more":false}
            """
        let amounts = try billed(.openai, page)
        #expect(amounts.map(\.amount.decimal) == ["0.06", "0.0015", "-0.01"])
        #expect(amounts.map(\.model) == ["gpt-4o-mini-2024-07-18", nil, "o1"])
        #expect(amounts.allSatisfy { $0.day == "2026-11-01" })
        #expect(try billed(.openai, "[\(page),\(page)]").count == 6)
        #expect(throws: Problem.self) { _ = try self.billed(.openai, page.replacing("usd", with: "eur")) }
    }

    @Test("Anthropic's amounts are cents")
    func anthropic() throws {
        let amounts = try billed(
            .anthropic,
            """
            {"data":[{"starting_at":"2026-11-01T00:00:00Z","ending_at":"2026-11-02T00:00:00Z","results":[
            {"currency":"USD","amount":"123.45","model":"claude-sonnet-4-20250514"},
            {"currency":"USD","amount":"0.000001","model":null}]}],"has_more":false}
            """)
        #expect(amounts.map(\.amount.decimal) == ["1.2345", "0.00000001"])
        #expect(amounts.map(\.model) == ["claude-sonnet-4-20250514", nil])
    }

    @Test("CSV: headings in any order, quotes, line ends of both kinds")
    func csv() throws {
        let amounts = try billed(
            .csv, "\u{FEFF}Cost,Day,Model,Note\r\n1.5,2026-11-01,\"a, \"\"b\"\"\",x\r\n-2,2026-11-02T00:00:00Z,,\r\n")
        #expect(amounts.map(\.model) == ["a, \"b\"", nil])
        #expect(amounts.map(\.amount.decimal) == ["1.5", "-2"] && amounts.map(\.day) == ["2026-11-01", "2026-11-02"])
        for bad in [
            "", "a,b\n", "day,model,cost\nx,m,1\n", "day,cost\n2026-11-01,1,2\n", "day,cost\n\"2026-11-01,1\n",
            "day,cost\n2026-11-01,1.5.5\n",
        ] {
            #expect(throws: Problem.self) { _ = try self.billed(.csv, bad) }
        }
    }

    @Test("a bill is set against the ledger, kept, and shown again")
    func reconcile() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let made = try await client.call(
                "POST", "/reconciliations?provider=csv", "day,model,cost\n2026-10-01,m,1.5\n2026-10-02,m,2\n")
            #expect(made.status == 201 && made.text("billed") == "3.5" && made.text("captured") == "0")
            guard case .array(let lines) = made["lines"] else {
                Issue.record("no lines")
                return
            }
            #expect(lines.map { $0.member("cause") } == ["off_gateway", "off_gateway"])
            let shown = try await client.call("GET", "/reconciliations/" + made.text("id"))
            #expect(shown.body == made.body)
            #expect(try await client.call("GET", "/reconciliations").names("id") == [made.text("id")])
            for (query, pointer) in [("", "?provider"), ("?provider=csv&backend_id=be_x", "?backend_id")] {
                let bad = try await client.call("POST", "/reconciliations" + query, "day,cost\n2026-10-01,1\n")
                #expect(bad.status == 400 && bad.pointers == [pointer])
            }
            #expect(try await client.call("GET", "/reconciliations/rec_x").status == 404)
        }
    }
}
