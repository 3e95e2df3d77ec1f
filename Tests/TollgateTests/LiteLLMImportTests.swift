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

    /// All that a price may say once there are thresholds and prices by the piece.
    private var fields: [Field] {
        Field.price.filter { !["above_tokens", "per_unit"].contains($0.name) }
            + [Field("above_tokens", .whole(1...1_000_000_000)), Field("per_unit", .object([]))]
    }

    private func run(
        _ config: String, keys: String = "", fields: [Field]? = nil
    ) throws -> LiteLLMImport.Result {
        let now = try #require(Timestamp(rfc3339: "2026-11-23T12:34:56Z"))
        return try LiteLLMImport.run(
            try DocumentText.parse(config), lists: keys.isEmpty ? [] : [try DocumentText.parse(keys)], now: now,
            fields: fields ?? Field.price)
    }

    private func whole() throws -> LiteLLMImport.Result {
        try run(try golden("litellm-config.yaml"), keys: try golden("litellm-keys.json"), fields: fields)
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

    @Test func `prices that this version cannot hold are named, not written`() throws {
        let result = try run(
            try golden("litellm-config.yaml"),
            fields: Field.price.filter { !["above_tokens", "per_unit"].contains($0.name) })
        #expect(!result.state.contains("above_tokens") && !result.state.contains("per_unit"))
        #expect(result.notes.text.contains("long-context price of chat"))
        #expect(result.notes.text.contains("price by the piece of draw"))
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
