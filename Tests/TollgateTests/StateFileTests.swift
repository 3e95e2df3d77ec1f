import Testing

@testable import Tollgate

@Suite struct StateFileTests {
    private func faults(_ part: String, _ other: String, against server: ServerState? = nil, prune: Bool = false)
        throws -> [String]
    {
        do {
            let file = try StateSamples.file(part, other)
            if let server { try file.check(against: server, prune: prune) }
            return []
        } catch let error as DocumentFaults {
            return error.faults.map(\.description)
        }
    }

    @Test func `the sample is well formed and refers to nothing but itself`() throws {
        #expect(try faults("", "", against: ServerState(), prune: true) == [])
    }

    @Test(arguments: [
        ("tenants:", "tenant_list:", "line 11: tenant_list is unknown; did you mean tenants?"),
        ("{ rpm:", "{ rqm:", "line 15: tenants[0].quotas.rqm is unknown; did you mean rpm?"),
        ("\"25.00\"", "\"-25.00\"", "line 16: tenants[0].budgets[0].limit must be an amount"),
        ("\"25.00\"", "1e3", "line 16: tenants[0].budgets[0].limit must be an amount"),
        ("0.40 }", "0.1234567 }", "line 10: prices[0].per_million.output must be an amount"),
        ("output: 0.40", "outputs: 1", "line 10: prices[0].per_million.output is required"),
        ("0.40 }", "0.40 }, per_unit: { images: 1 }", "prices[0].per_unit.images is unknown; did you mean image?"),
        ("0.40 }", "0.40 }, above_tokens: 0", "line 10: prices[0].above_tokens must be a whole number"),
        ("policy: least_busy", "policy: random", "line 3: pools[0].policy must be one of least_busy"),
        ("max_output_tokens: 512", "max_output_tokens: 0", "line 8: models[0].max_output_tokens must be a whole"),
        ("name: research", "name: =x", "line 12: tenants[0].name must be a name"),
        ("pools:", "pools: [", "is not valid YAML"),
        ("A_KEY", "B_KEY", "pools[0].backends[0].api_key: the environment variable B_KEY is not set"),
        ("http://", "ftp://", "pools[0].backends[0].base_url must be an http or https URL"),
        ("{ pool: fast, models: [\"*\"] }", "fast", "line 14: tenants[0].entitlements[0] must be a mapping"),
        ("kind: openai, ", "", "pools[0].backends[0].kind is required"),
    ])
    func `a mistake is reported with its line`(part: String, other: String, fault: String) throws {
        let found = try faults(part, other)
        #expect(found.contains { $0.contains(fault) }, "\(found)")
    }

    @Test func `a wrong secret is not repeated`() throws {
        let found = try faults("api_key: { env: A_KEY }", "api_key: \"sk secret\"")
        #expect(found.count == 1)
        #expect(found.first?.contains("sk") == false)
    }

    @Test(arguments: [
        ("[ { pool: fast } ]", "[ { pool: fest } ]", "line 8: models[0].targets[0].pool names the pool \"fest\""),
        ("{ pool: fast, models", "{ pool: lost, models", "line 14: tenants[0].entitlements[0].pool names the pool"),
        ("[\"*\"]", "[org/n]", "line 14: tenants[0].entitlements[0].models names the model \"org/n\""),
        ("model: org/m, eff", "model: lost, eff", "line 10: prices[0].model names the model \"lost\""),
        ("mode: hard,", "pool: lost,", "line 16: tenants[0].budgets[0].pool names the pool \"lost\""),
        ("mode: hard,", "model: \"*\",", "line 16: tenants[0].budgets[0].model must name one model; leave it out"),
        (
            "models:\n", "models:\n  - { name: \"*\", targets: [ { pool: fast } ], max_output_tokens: 1 }\n",
            "line 8: models[0].name must not be *"
        ),
    ])
    func `a reference to nothing is reported with its line`(part: String, other: String, fault: String) throws {
        let found = try faults(part, other, against: ServerState())
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(fault) == true, "\(found)")
    }

    @Test func `a reference may point at what only the server has, unless that is pruned`() throws {
        var server = ServerState()
        server.pools["old"] = try StateSamples.json(#"{"name":"old"}"#)
        let part = "[ { pool: fast } ]"
        #expect(try faults(part, "[ { pool: old } ]", against: server) == [])
        #expect(try faults(part, "[ { pool: old } ]", against: server, prune: true).count == 1)
    }

    @Test(arguments: [
        ("models:\n", "models:\n  - { name: org/m, targets: [ { pool: fast } ], max_output_tokens: 1 }\n"),
        ("[ { pool: fast, models: [\"*\"] } ]", "[ { pool: fast }, { pool: fast } ]"),
        ("budgets: [ ", "budgets: [ { limit: 1, window: month }, "),
        (
            "prices:\n",
            "prices:\n  - { model: org/m, effective_from: 2026-11-01T00:00:00.0Z, "
                + "per_million: { input: 1, output: 1 } }\n"
        ),
    ])
    func `twins are reported`(part: String, other: String) throws {
        let found = try faults(part, other, against: ServerState())
        #expect(found.count == 1)
        #expect(found.first?.contains("is a twin of one above") == true, "\(found)")
    }

    @Test func `JSON is read too`() throws {
        let file = try StateFile(#"{"pools":[{"name":"a"}]}"#, file: "-", environment: [:])
        #expect(file.wanted == .object(["pools": .array([.object(["name": .string("a")])])]))
    }
}
