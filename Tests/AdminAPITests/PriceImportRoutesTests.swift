import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct PriceImportRoutesTests {
    private func list(_ input: String, _ output: String = "2e-06") -> String {
        #"{"m":{"input_cost_per_token":\#(input),"output_cost_per_token":\#(output)},"n":{"input_cost_per_token":1e-6,"#
            + #""output_cost_per_token":1e-6}}"#
    }

    private let path = "/prices/import?format=litellm"

    @Test("a dry run shows what changes and publishes nothing; the import publishes it once")
    func load() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let dry = try await client.call("POST", path + "&dry_run=true", list("1e-06"))
            #expect(dry.status == 200 && dry["published"] == .number("2") && dry["dry_run"] == .bool(true))
            #expect(dry.text("sha256") == SecretBytes.hex(SecretBytes.sha256(Array(list("1e-06").utf8))))
            #expect(try await client.call("GET", "/prices").names("id") == [])
            let made = try await client.call("POST", path, list("1e-06"))
            #expect(made.status == 200 && made["published"] == .number("2"))
            let again = try await client.call("POST", path, list("1e-06"))
            #expect(again["published"] == .number("0") && again["unchanged"] == .number("2"))
            #expect(try await client.call("GET", "/prices").names("model").sorted() == ["m", "n"])
            let now = harness.plane.time.now()
            #expect(
                harness.plane.prices.sheet(model: "m", tenantID: ID("ten_1"), at: now)?.standard.rates[.input]
                    == 1_000_000)
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.filter { $0.action == "price.import" }.count == 2)
        }
    }

    @Test("a price that changes by more than half needs a yes")
    func jumps() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            _ = try await client.call("POST", path + "&select=m", list("1e-06"))
            let small = try await client.call("POST", path + "&select=m", list("1.4e-06"))
            #expect(small.status == 200)
            let refused = try await client.call("POST", path + "&select=m", list("1e-05"))
            #expect(refused.status == 409 && refused.text("code") == "price_jump")
            let shown = try await client.call("POST", path + "&select=m&dry_run=true", list("1e-05"))
            #expect(shown["jumps"] == .number("1"))
            guard case .array(let changes) = shown["changes"], let change = changes.first else {
                Issue.record("no changes")
                return
            }
            #expect(change.member("old") == "1.4" && change.member("new") == "10")
            #expect(change.member("percent") == "+614.3" && change.member("meter") == "input")
            let taken = try await client.call("POST", path + "&select=m&yes=true", list("1e-05"))
            #expect(taken.status == 200)
            #expect(
                harness.plane.prices.sheet(model: "m", tenantID: ID("ten_1"), at: harness.plane.time.now())?.standard
                    .rates[.input]
                    == 10_000_000)
        }
    }

    @Test("only known models, under their names, from when the operator says")
    func known() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            _ = try await client.call("POST", "/pools", #"{"name":"p"}"#)
            let body = #"{"targets":[{"pool":"p","upstream_model":"m"}],"max_output_tokens":9}"#
            _ = try await client.call("PUT", "/models/fast", body)
            let options = "&known_models=true&kind=upstream&effective_from=2030-01-01T00:00:00Z"
            let made = try await client.call("POST", path + options, list("1e-06"))
            #expect(made.status == 200)
            let prices = try harness.plane.file.read { try BillingStore.prices($0) }
            #expect(prices.map(\.model) == ["fast"] && prices.map(\.kind) == [.upstream])
            #expect(prices.first?.effectiveFrom == Timestamp(rfc3339: "2030-01-01T00:00:00Z"))
            let other = try await client.call("POST", path + options, list("1.1e-06"))
            #expect(other.status == 409 && other.text("code") == "price_conflict")
        }
    }

    @Test("many prices go in by parts, and a large list is taken")
    func many() async throws {
        try await AdminHarness.run { harness in
            let filler = String(repeating: "x", count: 3000)
            let models = (0..<450).map { number in
                #""m\#(number)":{"source":"\#(filler)","input_cost_per_token":\#(number + 1)e-9,"#
                    + #""output_cost_per_token":1e-6}"#
            }
            let made = try await harness.client.call(
                "POST", path, "{" + models.joined(separator: ",") + "}", headers: ["idempotency-key": "k"])
            #expect(made.status == 200 && made["published"] == .number("450"))
            #expect(try harness.plane.file.read { try BillingStore.prices($0).count } == 450)
            #expect(
                harness.plane.prices.sheet(model: "m449", tenantID: ID("ten_1"), at: harness.plane.time.now())?.standard
                    .rates[.input]
                    == 450_000)
        }
    }

    @Test("every part is audited, and an import cut short goes on from the instant that it began with")
    func parts() async throws {
        try await AdminHarness.run { harness in
            let models = (0..<450).map { #""m\#($0)":{"input_cost_per_token":1e-9,"output_cost_per_token":1e-6}"# }
            let list = "{" + models.joined(separator: ",") + "}"
            let plane = harness.plane
            // As a process leaves it that dies after the first part.
            let begun = plane.time.now().adding(milliseconds: -3_600_000)
            let made = PriceImport(
                id: ID("imp_0"), format: "litellm", sha256: SecretBytes.hex(SecretBytes.sha256(Array(list.utf8))),
                kind: .tenant, wish: #"{"kind":"tenant","backend_id":null,"select":null,"known_models":false}"#,
                effectiveFrom: begun, planned: 450, createdAt: begun, createdBy: "adm_1")
            try plane.file.write { db in
                try PriceImportStore.insert(made, db)
                try PriceImportStore.insert(PriceImport.Part(number: 1, published: 1, isLast: false), of: made.id, db)
                let rates = Rates(input: 1000, output: 1_000_000)
                let first = PriceVersion(
                    id: "prc_0", model: "m0", effectiveFrom: begun, publishedAt: begun, rates: rates)
                _ = try BillingStore.insert(first, db)
            }
            let shown = try await harness.client.call("POST", path + "&dry_run=true", list)
            #expect(shown.text("id") == "imp_0" && shown["published_before"] == .number("1"))
            let other = try await harness.client.call("POST", path + "&dry_run=true&select=m1*", list)
            #expect(other["id"] == .null && other["published_before"] == .number("0"))
            let done = try await harness.client.call("POST", path, list)
            #expect(done.status == 200 && done.text("id") == "imp_0" && done["published"] == .number("449"))
            let prices = try plane.file.read { try BillingStore.prices($0) }
            #expect(prices.count == 450 && Set(prices.map(\.effectiveFrom)) == [begun])
            let rows = try plane.file.auditEntries().filter { $0.action == "price.import" }
            #expect(rows.map(\.subject) == ["imp_0", "imp_0", "imp_0"])
            for (row, part) in zip(rows, [(2, 200, false), (3, 200, false), (4, 49, true)]) {
                let text = row.after ?? ""
                let wanted = "\"published\":\(part.1),\"part\":\(part.0),\"planned\":450,\"is_last\":\(part.2)"
                #expect(text.contains(wanted), "\(text)")
            }
            // It is complete now: the same again is a new one, with nothing to do.
            let again = try await harness.client.call("POST", path, list)
            #expect(again.text("id") != "imp_0" && again["published"] == .number("0"))
        }
    }

    @Test("imports are listed with what was asked and how far they came")
    func listed() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let made = try await client.call("POST", path + "&select=m", list("1e-06"))
            let sha256 = String(repeating: "a", count: 64)
            let cut = PriceImport(
                id: ID("imp_zz"), format: "openrouter", sha256: sha256, kind: .upstream, wish: #"{"select":"x"}"#,
                effectiveFrom: harness.plane.time.now(), planned: 450, createdAt: harness.plane.time.now(),
                createdBy: "adm_1")
            try harness.plane.file.write { db in
                try PriceImportStore.insert(cut, db)
                try PriceImportStore.insert(PriceImport.Part(number: 1, published: 200, isLast: false), of: cut.id, db)
            }
            let shown = try await client.call("GET", "/prices/imports")
            #expect(shown.names("id") == [made.text("id"), "imp_zz"])
            #expect(shown.names("sha256") == [made.text("sha256"), sha256])
            #expect(shown.names("select") == ["m", "x"] && shown.names("format") == ["litellm", "openrouter"])
            guard case .array(let rows) = shown["data"] else { return }
            #expect(rows.map { $0.member("complete") } == [.bool(true), .bool(false)])
            #expect(rows.map { $0.member("published") } == [.number("1"), .number("200")])
            #expect(rows.map { $0.member("planned") } == [.number("1"), .number("450")])
            let first = try await client.call("GET", "/prices/imports?limit=1")
            #expect(first["has_more"] == .bool(true))
            let rest = try await client.call("GET", "/prices/imports?after=" + first.text("next"))
            #expect(rest.names("id") == ["imp_zz"])
        }
    }

    @Test("a tier that the list has no more is named, as it stays in force")
    func leftOver() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tiers =
                #"{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"#
                + #""input_cost_per_token_priority":2e-6,"output_cost_per_token_priority":4e-6}}"#
            let first = try await client.call("POST", path, tiers)
            #expect(first.status == 200 && first["left_over"] == .array([]))
            let later = try await client.call("POST", path + "&select=m&dry_run=true", list("1.1e-06"))
            guard case .array(let left) = later["left_over"] else {
                Issue.record("no list")
                return
            }
            #expect(left.map { $0.member("tier") } == ["priority"] && left.map { $0.member("model") } == ["m"])
        }
    }

    @Test(
        "what cannot be is refused",
        arguments: [
            ("/prices/import", "?format"), ("/prices/import?format=x", "?format"),
            ("/prices/import?format=litellm&dry_run=maybe", "?dry_run"),
            ("/prices/import?format=litellm&backend_id=be_1", "?backend_id"),
        ])
    func refused(path: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("POST", path, "{}")
            #expect(answer.status == 400 && answer.pointers == [pointer])
            #expect(try await harness.client.call("POST", self.path, "{").text("code") == "invalid_json")
        }
    }
}
