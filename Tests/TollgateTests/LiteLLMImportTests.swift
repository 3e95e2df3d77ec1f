import Foundation
import Tenancy
import Testing

@testable import Tollgate

@Suite struct LiteLLMImportTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Goldens")

    private func golden(_ name: String) throws -> String {
        try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    }

    private func run(_ config: String, keys: String = "") throws -> LiteLLMImport.Result {
        let now = try #require(Timestamp(rfc3339: "2026-11-23T12:34:56Z"))
        return try LiteLLMImport.run(
            try DocumentText.parse(config), lists: keys.isEmpty ? [] : [try DocumentText.parse(keys)], now: now)
    }

    private func whole() throws -> LiteLLMImport.Result {
        try run(try golden("litellm-config.yaml"), keys: try golden("litellm-keys.json"))
    }

    @Test func `a configuration becomes the golden state file`() throws {
        #expect(try whole().state == golden("litellm-state.yaml"))
    }

    @Test func `what cannot be carried over becomes the golden list`() throws {
        #expect(try whole().notes.text + "\n" == golden("litellm-notes.txt"))
    }

    @Test func `no secret and no hash comes out`() throws {
        let result = try whole()
        let all = result.state + result.notes.text
        for secret in ["sk-inline", "sk-azure", "sk-hidden", "sk-redis", "sk-master", "88dc28d0", "e5f"] {
            #expect(!all.contains(secret), Comment(rawValue: secret))
        }
    }

    @Test func `the state file is one that apply reads`() throws {
        let result = try run(try golden("litellm-config.yaml"), keys: try golden("litellm-keys.json"))
        let variables = result.notes.variables.map { ($0.name, "https://example.com/v1") }
        let file = try StateFile(
            result.state, file: "state.yaml", environment: Dictionary(uniqueKeysWithValues: variables))
        try file.check(against: ServerState(), prune: false)
        #expect(file.wanted["models"].items.count == 6)
        #expect(file.wanted["tenants"].items.map { $0["name"].plain } == ["research", "ops", "ada"])
    }

    @Test func `a host longer than a name gives its pool the beginning of it`() throws {
        let host = String(repeating: "h", count: 150) + ".example"
        let result = try run(
            """
            model_list: [ { model_name: m, litellm_params: { model: hosted_vllm/m, api_base: "http://\(host):8000" } } ]
            """)
        let file = try StateFile(result.state, file: "state.yaml", environment: [:])
        #expect(file.wanted["pools"].items.map { $0["name"].plain } == [String(repeating: "h", count: 100)])
    }

    @Test func `a file without a model list is refused`() {
        #expect(throws: CommandFailure.self) { try run("pools: []") }
    }

    @Test func `values merged in with << are read, the entry's own win`() throws {
        let state = try run(
            """
            base: &base { model: openai/m, api_key: os.environ/A, rpm: 7 }
            model_list: [ { model_name: m, litellm_params: { <<: *base, rpm: 9 } } ]
            """
        ).state
        #expect(state.contains("rpm: 9"))
        #expect(state.contains("api_key: { env: A }"))
    }

    private func teams(_ team: String) throws -> LiteLLMImport.Result {
        try run(
            "model_list: [ { model_name: m, litellm_params: { model: openai/m, api_key: os.environ/A } } ]",
            keys: "teams: [ { team_id: t, team_alias: ops, models: [m], \(team) } ]")
    }

    @Test func `of two budgets for one window the smaller is kept, whichever comes first`() throws {
        for limits in [("7", "5.5"), ("5.5", "7")] {
            let result = try teams(
                "max_budget: \(limits.0), budget_limits: [ { max_budget: \(limits.1) } ]")
            #expect(result.state.contains(#"limit: "5.5""#), Comment(rawValue: result.state))
            #expect(!result.state.contains(#"limit: "7""#))
            #expect(result.notes.text.contains("a second hard budget of ops for one total: the smaller was taken"))
        }
    }

    @Test(arguments: ["rpm_limit: 0", "tpm_limit: 0.0", "max_parallel_requests: 0e3"])
    func `a limit of 0 lets nothing through, here too`(limit: String) throws {
        let result = try teams(limit)
        #expect(result.state.contains("entitlements: []"))
        #expect(result.notes.text.contains("team ops: has a limit of 0 in LiteLLM"))
        let key = try run(
            "model_list: [ { model_name: m, litellm_params: { model: openai/m, api_key: os.environ/A } } ]",
            keys: "keys: [ { key_alias: k, models: [m], \(limit) } ]")
        #expect(!key.notes.text.contains("keys create"))
        #expect(key.notes.text.contains("key k: has a limit of 0 in LiteLLM"))
    }

    @Test(arguments: [("60", "60"), ("60.0", "60"), ("6e1", "60"), ("60.5", nil), ("1e13", nil), ("-1", nil)])
    func `a whole number is one however it is written`(text: String, rpm: String?) throws {
        let result = try teams("rpm_limit: \(text)")
        #expect(result.state.contains("rpm: \(rpm ?? "")") == (rpm != nil))
        #expect(result.notes.text.contains("rpm_limit of ops: not a whole number that Tollgate takes") == (rpm == nil))
    }

    @Test func `weights keep their proportion`() throws {
        let state = try run(
            """
            model_list:
              - { model_name: m, litellm_params: { model: openai/m, api_base: "http://a/v1", weight: 0.75 } }
              - { model_name: m, litellm_params: { model: openai/m, api_base: "http://b/v1", weight: 0.25 } }
            """
        ).state
        #expect(state.contains("        weight: 3\n"))
        #expect(!state.contains("weight: 1\n"))
    }

    @Test func `every distinct key gets a variable of its own`() throws {
        let result = try run(
            """
            model_list:
              - { model_name: gpt-4, litellm_params: { model: openai/a, api_key: sk-one } }
              - { model_name: gpt-4, litellm_params: { model: openai/a, api_key: sk-two } }
              - { model_name: gpt.4, litellm_params: { model: openai/a, api_key: sk-three } }
              - { model_name: other, litellm_params: { model: openai/a, api_key: sk-one } }
              - { model_name: openai, litellm_params: { model: openai/a, api_key: sk-four } }
              - { model_name: x, litellm_params: { model: openai/b, api_key: os.environ/GPT_4_API_KEY_2 } }
            """)
        #expect(
            result.notes.variables.map(\.name) == [
                "GPT_4_API_KEY", "GPT_4_API_KEY_3", "GPT_4_API_KEY_4", "OPENAI_API_KEY_2", "GPT_4_API_KEY_2",
            ])
        #expect(result.state.components(separatedBy: "env: GPT_4_API_KEY }").count > 1)
        #expect(!(result.state + result.notes.text).contains("sk-"))
    }

    @Test func `whatever a team or a key says is carried over or named`() throws {
        let text = try run(
            "model_list: []",
            keys: """
                [{"team_id":"t","team_alias":"a","tags":["x"],"created_at":"2026-01-01","something_new":3,
                "metadata":{"model_rpm_limit":{"m":1},"empty":null}},
                {"token":"k","key_alias":"b","team_id":"t","spend":3,"metadata":{"team":"secret"},
                "litellm_budget_table":{"max_budget":3,"model_max_budget":{"m":1}}}]
                """
        ).notes.text
        for name in [
            "tags of a", "something_new of a", "metadata.model_rpm_limit of a", "metadata.team of key b",
            "litellm_budget_table.model_max_budget of key b",
        ] { #expect(text.contains(name), "\(text)") }
        for name in ["created_at", "spend of", "empty", "secret"] { #expect(!text.contains(name), "\(text)") }
    }

    @Test func `of two prices for one thing the larger is taken, and said`() throws {
        for (one, other) in [("0.04", "0.01"), ("0.01", "0.04")] {
            let result = try run(
                """
                model_list:
                  - model_name: draw
                    litellm_params: { model: openai/d, input_cost_per_image: \(one), output_cost_per_image: \(other) }
                """)
            #expect(result.state.contains("image: \"0.04\""), "\(result.state)")
            #expect(
                result.notes.text.contains("input_cost_per_image and output_cost_per_image of draw: there is one price")
            )
        }
    }

    @Test(arguments: [("1000000", true), ("1000001", false), ("1.5e9", false)])
    func `a price of a token that no state file can hold by the million is told and left out`(
        text: String, isTaken: Bool
    ) throws {
        let result = try run(
            """
            model_list:
            - { model_name: m, litellm_params: { model: openai/m, input_cost_per_token: \(text) } }
            """)
        #expect(result.state.contains("per_million:") == isTaken)
        #expect(result.notes.text.contains("not an amount that Tollgate takes") != isTaken)
    }

    @Test(arguments: [
        ("rpm", "1000000000", true), ("rpm", "1000000001", false), ("max_parallel_requests", "1000000", true),
        ("max_parallel_requests", "1000001", false),
    ])
    func `a limit of a backend that no state file can hold is told and left out`(
        name: String, number: String, isTaken: Bool
    ) throws {
        let result = try run(
            """
            model_list:
            - { model_name: m, litellm_params: { model: openai/m, \(name): \(number) } }
            """)
        #expect(result.state.contains(": \(number)") == isTaken, "\(result.state)")
        #expect(result.notes.text.contains("\(name) of m: not a value that Tollgate takes") != isTaken)
    }

    @Test func `every name of a loss is printed`() throws {
        let names = (1...9).map { "field_\($0)" }
        let settings = names.map { "\($0): 1" }.joined(separator: ", ")
        let text = try run("{model_list: [], router_settings: {\(settings)}}").notes.text
        for name in names { #expect(text.contains("router_settings.\(name)"), "\(text)") }
    }

    @Test func `a router setting given twice, in the wrong place or out of range is told`() throws {
        let text = try run(
            """
            model_list: []
            router_settings: { fallbacks: [], num_retries: 500, timeout: 5, request_timeout: 4 }
            litellm_settings: { fallbacks: [ { a: [b] } ], request_timeout: 100000000, timeout: 3 }
            """
        ).notes.text
        for line in [
            "litellm_settings.fallbacks: router_settings.fallbacks is given too", "num_retries: not a value",
            "litellm_settings.request_timeout: router_settings.timeout is given too",
            "router_settings.request_timeout", "litellm_settings.timeout",
        ] { #expect(text.contains(line), "\(text)") }
        let long = try run("{model_list: [], litellm_settings: {request_timeout: 100000000}}").notes.text
        #expect(long.contains("request_timeout: not a value that Tollgate takes"))
    }

    @Test func `load shared between several names at the backends is told, the largest share comes first`() throws {
        let result = try run(
            """
            model_list:
              - { model_name: m, litellm_params: { model: openai/small, api_key: os.environ/A, weight: 1 } }
              - { model_name: m, litellm_params: { model: openai/large, api_key: os.environ/B, weight: 9 } }
              - { model_name: n, litellm_params: { model: openai/one, api_key: os.environ/A } }
              - { model_name: n, litellm_params: { model: openai/two, api_key: os.environ/A, order: 2 } }
            """)
        let large = try #require(result.state.range(of: "upstream_model: large"))
        let small = try #require(result.state.range(of: "upstream_model: small"))
        #expect(large.lowerBound < small.lowerBound, "\(result.state)")
        #expect(
            result.notes.text.contains("model m (large, small): LiteLLM shares the load between these names"),
            "\(result.notes.text)")
        // With an order of their own they were tried one after another there too.
        #expect(!result.notes.text.contains("model n ("))
    }

    @Test func `a name that changes on the way is told, and whatever names it by the old one finds it`() throws {
        let result = try run(
            """
            model_list:
              - { model_name: "@cf/llama", litellm_params: { model: openai/m, api_key: os.environ/A } }
              - { model_name: "cf/llama", litellm_params: { model: openai/k, api_key: os.environ/A } }
              - { model_name: other, litellm_params: { model: openai/o, api_key: os.environ/A } }
            router_settings:
              fallbacks: [ { other: ["@cf/llama"] }, { "@cf/llama": [other] } ]
              model_group_alias: { "=alias": "@cf/llama" }
            """,
            keys: """
                teams: [ { team_id: t, team_alias: "=Research", models: ["@cf/llama"],
                  model_max_budget: { "@cf/llama": 5, gone: 3 } } ]
                keys: [ { key_alias: "=bad", team_id: t, models: ["@cf/llama"], model_max_budget: { "@cf/llama": 2 } } ]
                """)
        let (state, notes) = (result.state, result.notes.text)
        for line in [
            "model @cf/llama: is called cf/llama-2 here", "model =alias: is called alias here",
            "team =Research: its tenant is called Research here", "key =bad: is called bad here",
            "budget of Research for gone: the model was not carried over",
        ] { #expect(notes.contains(line), "\(notes)") }
        #expect(!notes.contains("for @cf/llama"))
        #expect(!notes.contains("there is no such model"))
        for line in [
            "- name: cf/llama-2\n", "- name: cf/llama\n", #"model: cf/llama-2, limit: "5""#, "models: [cf/llama-2",
        ] { #expect(state.contains(line), "\(state)") }
        #expect(notes.contains("model=cf/llama-2"))
        #expect(
            notes.contains("other -> @cf/llama, @cf/llama -> other") || notes.contains("fallback @cf/llama -> other"))
    }

    @Test func `a name at the backend that apply would refuse is not carried over`() throws {
        let result = try run(
            """
            model_list:
              - { model_name: broken, litellm_params: { model: "openai/gp\\nt", api_base: "http://h/v1" } }
              - { model_name: long, litellm_params: { model: openai/\(String(repeating: "m", count: 257)) } }
              - { model_name: good, litellm_params: { model: openai/@cf/m, api_key: os.environ/A } }
            """)
        #expect(result.notes.text.contains("model broken: its name at the backend holds a control character"))
        #expect(result.notes.text.contains("model long: its name at the backend is longer than 256 bytes"))
        #expect(result.state.contains("upstream_model: \"@cf/m\"") && !result.state.contains("broken"))
    }

    @Test func `a name drives no terminal`() throws {
        let notes = try run(
            #"{model_list: [ { model_name: "a\u001b[2Jb\u202e", litellm_params: { model: azure/x } } ]}"#
        ).notes.text
        #expect(notes.contains("model a\u{FFFD}[2Jb\u{FFFD} (azure/x)"), "\(notes)")
    }
}
