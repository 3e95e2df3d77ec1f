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
}
