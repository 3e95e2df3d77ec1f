import Testing

@testable import Tollgate

@Suite struct ApplyPlannerTests {
    private func plan(
        _ part: String = "", _ other: String = "", server: ServerState? = nil, options: ApplyOptions = ApplyOptions()
    ) throws -> ApplyPlan {
        try ApplyPlanner.plan(
            try StateSamples.file(part, other).wanted, server: try server ?? StateSamples.server(), options: options)
    }

    /// The title and the fields of a change in one line.
    private func shown(_ call: ApplyCall) -> String {
        ([call.change.title] + call.change.details.map(\.text)).joined(separator: " | ")
    }

    @Test func `an empty server gets everything, what is referred to first`() throws {
        let plan = try plan(server: ServerState())
        #expect(
            plan.calls.map(shown) == [
                "+ pool fast | policy: least_busy",
                "+ backend fast/a | kind: openai | base_url: http://127.0.0.1:1/v1 | api_key: (given) | "
                    + "max_concurrency: 4 | timeouts.connect: 5000ms | timeouts.min_rate: 2",
                "+ model org/m | targets: fast | max_output_tokens: 512",
                "+ price org/m from 2026-11-01T00:00:00Z | effective_from: 2026-11-01T00:00:00Z | "
                    + "per_million.input: 0.10 | per_million.output: 0.40",
                "+ tenant research | price_multiplier: 1.20", "~ entitlements of research | fast: none -> *",
                "~ quotas of research | rpm: none -> 600 | concurrency: none -> 40",
                "+ budget of research (month, hard) | limit: 25.00 | alerts_at: 1, 0.5",
            ])
        #expect(
            plan.calls.map { "\($0.method) \($0.path)" } == [
                "POST /pools", "POST /pools/fast/backends", "PUT /models/org/m", "POST /prices", "POST /tenants",
                "PUT /tenants/:tenant/entitlements", "PUT /tenants/:tenant/quotas", "POST /budgets",
            ])
        #expect(plan.calls[1].body?["api_key"] == .string("sk-a"))
        #expect(plan.unchanged == 0)
    }

    @Test func `what is as it should be is left alone, however it is written`() throws {
        let plan = try plan(options: ApplyOptions(prune: true))
        #expect(plan.calls == [])
        #expect(plan.unchanged == 8)
        #expect(ApplyReport.summary(plan, isDryRun: false) == "= 8 unchanged\n0 changes")
    }

    @Test func `a text written with other code points is another one, though it looks the same`() throws {
        var server = try StateSamples.server()
        server.tenants["research"] = server.tenants["research"]?
            .with("tags", .object(["place": .string("caf\u{E9}")]))
        let line = "price_multiplier: 1.20"
        #expect(try plan(line, "tags: { place: caf\u{E9} }", server: server).calls == [])
        let calls = try plan(line, "tags: { place: cafe\u{301} }", server: server).calls
        #expect(calls.map(\.change.title) == ["~ tenant research"])
        #expect(calls.first?.body?.bytes == Array("{\"tags\":{\"place\":\"cafe\u{301}\"}}".utf8))
    }

    /// One row a rule: a part of the file, what replaces it, the line people see, the call with its body.
    private static let changes: [(String, String, String, String)] = [
        (
            "price_multiplier: 1.20", "price_multiplier: 1.5", "~ tenant research | price_multiplier: 1.2 -> 1.5",
            #"PATCH /tenants/:tenant {"price_multiplier":"1.5"}"#
        ),
        (
            "policy: least_busy", "queue: { max: 9, timeout: 10000ms }",
            "~ pool fast | queue.max: 500 -> 9",
            #"PATCH /pools/fast {"queue":{"max":9,"timeout":"10000ms"}}"#
        ),
        (
            "max_concurrency: 4", "max_concurrency: null", "~ backend fast/a | max_concurrency: 4 -> none",
            #"PATCH /backends/be_1 {"max_concurrency":null}"#
        ),
        (
            "127.0.0.1:1/v1/", "127.0.0.1:2/v1",
            "~ backend fast/a | base_url: http://127.0.0.1:1/v1 -> http://127.0.0.1:2/v1 | "
                + "api_key: (stored) -> (given)",
            #"PATCH /backends/be_1 {"api_key":"sk-a","base_url":"http://127.0.0.1:2/v1"}"#
        ),
        (
            "127.0.0.1:1/v1/", "127.0.0.1:1/v2",
            "~ backend fast/a | base_url: http://127.0.0.1:1/v1 -> http://127.0.0.1:1/v2",
            #"PATCH /backends/be_1 {"base_url":"http://127.0.0.1:1/v2"}"#
        ),
        (
            "{ env: A_KEY }", "null", "~ backend fast/a | api_key: (stored) -> none",
            #"PATCH /backends/be_1 {"api_key":null}"#
        ),
        (
            "max_output_tokens: 512", "max_output_tokens: 9", "~ model org/m | max_output_tokens: 512 -> 9",
            #"PUT /models/org/m {"audio_seconds_max":7200,"context_window":null,"input_overhead_tokens":300,"#
                + #""max_output_tokens":9,"#
                + #""part_tokens_max":null,"targets":[{"pool":"fast"}]}"#
        ),
        (
            "{ rpm: 600, concurrency: 40 }", "{ rpm: 600 }", "~ quotas of research | concurrency: 40 -> none",
            #"PUT /tenants/:tenant/quotas {"concurrency":null,"rpd":null,"rpm":600,"tpd":null,"tpm":null}"#
        ),
        (
            "models: [\"*\"]", "models: [org/m]", "~ entitlements of research | fast: * -> org/m",
            #"PUT /tenants/:tenant/entitlements {"pools":[{"models":["org/m"],"pool":"fast"}]}"#
        ),
        (
            "\"25.00\"", "30", "~ budget of research (month, hard) | limit: 25 -> 30",
            #"PATCH /budgets/bud_1 {"limit":"30"}"#
        ),
        (
            "window: month", "window: day", "+ budget of research (day, hard) | limit: 25.00 | alerts_at: 1, 0.5",
            #"POST /budgets {"alerts_at":[1,0.5],"limit":"25.00","mode":"hard","tenant_id":":tenant","window":"day"}"#
        ),
    ]

    @Test(arguments: changes.indices)
    func `only what differs is sent`(row: Int) throws {
        let (part, other, line, call) = Self.changes[row]
        let calls = try plan(part, other).calls
        #expect(calls.map(shown) == [line])
        let body = calls.first?.body.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        #expect("\(calls.first?.method ?? "") \(calls.first?.path ?? "") \(body)" == call)
    }

    @Test func `a credential is sent again only when asked, or where none is stored`() throws {
        let asked = try plan(options: ApplyOptions(rotateBackendKeys: true))
        #expect(asked.calls.map(shown) == ["~ backend fast/a | api_key: (stored) -> (given)"])
        #expect(ApplyReport.note(asked) == nil)
        let left = try plan()
        #expect(left.calls == [])
        #expect(ApplyReport.note(left)?.hasPrefix("api_key of 1 backend is write-only and was not compared") == true)
        var server = try StateSamples.server()
        let text =
            #"{"id":"be_1","name":"a","kind":"openai","base_url":"http://127.0.0.1:1/v1","#
            + #""has_api_key":false,"max_concurrency":4,"timeouts":{"connect":"5s","min_rate":2}}"#
        server.backends["fast"] = [try StateSamples.json(text)]
        #expect(try plan(server: server).calls.map(shown) == ["~ backend fast/a | api_key: none -> (given)"])
        let keyless = try plan("api_key: { env: A_KEY }, ", "", server: server)
        #expect(keyless.calls == [])
        #expect(ApplyReport.note(keyless) == nil)
    }

    @Test func `a backend that moves must be given its credential anew`() throws {
        let moved = StateSamples.text.replacing("api_key: { env: A_KEY }, ", with: "")
            .replacing("127.0.0.1:1/", with: "127.0.0.1:2/")
        let file = try StateFile(moved, file: "state.yaml", environment: [:])
        #expect(throws: CommandFailure.self) {
            try ApplyPlanner.plan(file.wanted, server: try StateSamples.server(), options: ApplyOptions())
        }
    }

    @Test func `a published price never changes`() throws {
        let failure = #expect(throws: CommandFailure.self) { try plan("0.40 }", "0.50 }") }
        #expect(failure?.status == .conflict)
        #expect(throws: CommandFailure.self) { try plan("0.40 }", "0.40, input_cache_read: 0.05 }") }
        #expect(throws: CommandFailure.self) { try plan("0.40 } }", "0.40 }, per_unit: { search: 0.01 } }") }
        #expect(try plan("0.40 } }", "0.400 }, per_unit: {}, above_tokens: null }").calls == [])
        let others = try ["above_tokens: 200000", "tier: flex", "kind: upstream, backend_id: be_1"].map {
            try plan("0.40 } }", "0.40 }, \($0) }").calls.map(\.change.title)
        }
        #expect(
            others == [
                ["+ price org/m (above 200000 tokens) from 2026-11-01T00:00:00Z"],
                ["+ price org/m (flex) from 2026-11-01T00:00:00Z"],
                ["+ price org/m (upstream be_1) from 2026-11-01T00:00:00Z"],
            ])
        let later = try plan("2026-11-01T", "2026-12-01T").calls.map(\.change.title)
        #expect(later == ["+ price org/m from 2026-12-01T00:00:00Z"])
    }

    @Test func `a price of units alone says so`() throws {
        let units = "per_million: null, per_unit: { image: 0.04 } }"
        var server = try StateSamples.server()
        let call = try plan("per_million: { input: \"0.10\", output: 0.40 } }", units, server: ServerState()).calls
            .first { $0.path == "/prices" }
        let body = try #require(call?.body)
        #expect(body.members["per_million"] == JSONValue.null)
        #expect(body["per_unit"] == .object(["image": .string("0.04")]))
        server.prices = [
            .object(
                body.members.merging([
                    "per_unit": .object(["image": .string("0.040")]), "above_tokens": .null, "id": .string("prc_1"),
                ]) { _, new in new })
        ]
        #expect(
            try plan("per_million: { input: \"0.10\", output: 0.40 } }", units, server: server).calls == [])
        #expect(throws: CommandFailure.self) { try plan(server: server) }
    }

    @Test func `what was agreed with a tenant comes after the tenant, and is found again by its name`() throws {
        let agreed = "tenant: research, per_million: { input: 1, output: 2 } }"
        let calls = try plan("per_million: { input: \"0.10\", output: 0.40 } }", agreed, server: ServerState()).calls
        let call = try #require(calls.last)
        #expect(call.path == "/prices" && call.body?["tenant_id"] == .string(ApplyCall.tenantID))
        let body = try #require(try call.body(ids: ["research": "ten_9"]))
        #expect(body["tenant_id"] == .string("ten_9") && body.members["tenant"] == nil)
        var server = try StateSamples.server()
        server.tenants["research"] = server.tenants["research"]?.with("id", .string("ten_9"))
        func prices() throws -> [ApplyCall] {
            try plan("per_million: { input: \"0.10\", output: 0.40 } }", agreed, server: server).calls
                .filter { $0.path == "/prices" }
        }
        // The price for all is another one.
        #expect(try prices().count == 1)
        server.prices.append(body.with("id", .string("prc_9")))
        #expect(try prices() == [])
    }

    @Test func `every change knows where the file asks for it`() throws {
        #expect(
            try plan(server: ServerState()).calls.map(\.place) == [
                "pools[0]", "pools[0].backends[0]", "models[0]", "prices[0]", "tenants[0]", "tenants[0].entitlements",
                "tenants[0].quotas", "tenants[0].budgets[0]",
            ])
    }

    @Test func `the summary counts by kind`() throws {
        let plan = try plan(server: ServerState())
        #expect(ApplyReport.summary(plan, isDryRun: false) == "8 changes: 6 created, 2 changed")
        #expect(
            ApplyReport.summary(plan, isDryRun: true)
                == "8 changes: 6 created, 2 changed (dry run: nothing was changed)")
    }

    @Test func `only pruning removes, what uses something before what is used`() throws {
        var server = try StateSamples.server()
        server.pools["old"] = try StateSamples.json(#"{"name":"old"}"#)
        server.backends["old"] = [try StateSamples.json(#"{"id":"be_2","name":"x"}"#)]
        server.backends["fast"]?.append(try StateSamples.json(#"{"id":"be_3","name":"b"}"#))
        server.models["old"] = try StateSamples.json(#"{"name":"old"}"#)
        server.tenants["gone"] = try StateSamples.json(#"{"id":"ten_2","name":"gone"}"#)
        let extra = #"{"id":"bud_2","tenant_id":"ten_1","key_id":null,"window":"day","mode":"soft","limit":"1"}"#
        let ofKey = #"{"id":"bud_3","tenant_id":"ten_1","key_id":"key_1","window":"day","mode":"soft","limit":"1"}"#
        server.budgets["ten_1"]? += [try StateSamples.json(extra), try StateSamples.json(ofKey)]
        #expect(try plan(server: server).calls == [])
        let pruned = try plan(server: server, options: ApplyOptions(prune: true)).calls
        #expect(
            pruned.map { "\($0.change.title) \($0.method) \($0.path)" } == [
                "- budget of research (day, soft) DELETE /budgets/bud_2", "- tenant gone DELETE /tenants/ten_2",
                "- model old DELETE /models/old", "- backend fast/b DELETE /backends/be_3",
                "- backend old/x DELETE /backends/be_2", "- pool old DELETE /pools/old",
            ])
    }

    @Test func `pruning leaves the kinds alone that the file does not speak about`() throws {
        let file = try StateFile("models: []\npools: [ { name: fast } ]", file: "s", environment: [:])
        let plan = try ApplyPlanner.plan(
            file.wanted, server: try StateSamples.server(), options: ApplyOptions(prune: true))
        #expect(plan.calls.map(\.change.title) == ["- model org/m"])
    }

    @Test func `a backend that moves to another pool leaves the old one first`() throws {
        var server = try StateSamples.server()
        server.pools["slow"] = try StateSamples.json(#"{"name":"slow","policy":"least_busy"}"#)
        server.backends["slow"] = server.backends["fast"]
        server.backends["fast"] = []
        let plan = try plan(server: server, options: ApplyOptions(prune: true))
        #expect(
            plan.calls.map { "\($0.method) \($0.path)" } == [
                "DELETE /backends/be_1", "POST /pools/fast/backends", "DELETE /pools/slow",
            ])
        let stuck = #expect(throws: CommandFailure.self) { try self.plan(server: server) }
        #expect(stuck?.status == .conflict && stuck?.description.contains("--prune") == true)
        let keyless = #expect(throws: CommandFailure.self) {
            try self.plan(
                "api_key: { env: A_KEY }, ", "", server: server, options: ApplyOptions(prune: true))
        }
        #expect(keyless?.description.contains("give its api_key") == true)
    }

    @Test func `what is put whole names what it was compared with`() throws {
        let quotas = try plan("rpm: 600", "rpm: 7").calls.first
        #expect(quotas?.basis == (try StateSamples.server().quotas["research"]))
        #expect(try plan("max_output_tokens: 512", "max_output_tokens: 9").calls.first?.basis?["name"].plain == "org/m")
        #expect(try plan(#"models: ["*"]"#, "models: [org/m]").calls.first?.basis?["pools"].items.count == 1)
    }
}
