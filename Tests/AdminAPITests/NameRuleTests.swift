import Testing

@testable import AdminAPI

@Suite struct NameRuleTests {
    private func reads(_ text: String) -> Bool {
        (try? FieldRule<String>.name.read(.string(text))) != nil
    }

    @Test(
        "names that a spreadsheet would run, that break a line of a log or look like another name are refused",
        arguments: [
            "=1+1", "+1", "-1", "@SUM(A1)", "\u{FF1D}1", "\u{FF0B}1", "\u{FF0D}1", "\u{FF20}x", "\t=1", "a\tb", "a\rb",
            "a\nb", "a\u{0}b", "a\u{7F}b", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{202E}b", "a\u{2066}b",
            "a\u{200E}b", "\u{FEFF}a", " a", "a ", "", "cafe\u{301}", String(repeating: "a", count: 129),
            "research\u{200B}", "re\u{200D}search", "re\u{200C}search", "re\u{AD}search", "re\u{2060}search",
            "re\u{34F}search", "\u{3164}", "a\u{FE0F}", "1\u{FE0F}", "a\u{2800}b", "a\u{E0041}b", "a\u{180E}b",
            "a\u{A0}b", "a\u{2003}b",
        ])
    func refused(text: String) {
        #expect(!reads(text))
    }

    @Test(
        "ordinary names are taken",
        arguments: [
            "a", "research", "gpt-4o-mini", "org/model:free", "R&D, Köln", "東京", "a=b", "100%",
            "👩‍👩‍👧", "❤️‍🔥", "🇩🇪", "café", "'x'", "東京\u{3000}支社",
        ])
    func taken(text: String) {
        #expect(reads(text))
    }

    @Test(
        "what a model is called at its backend may begin with @, and else follows the rule",
        arguments: [
            ("@cf/meta/llama", true), ("gpt-4o", true), ("@", false), ("@=1", false), ("=1", false),
            ("a\u{200B}", false), ("a\u{202E}b", false), ("a\nb", false), ("", false),
        ])
    func upstream(text: String, isTaken: Bool) {
        #expect(((try? FieldRule<String>.upstreamName.read(.string(text))) != nil) == isTaken)
    }

    @Test(
        "no route takes a name that breaks the rule",
        arguments: ["=1+1", "-1", "a\u{202E}b", "a\u{2028}b", "a\u{200B}b"])
    func routes(name: String) async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"p"}"#)
            let price = #""effective_from":"2026-01-01T00:00:00Z","per_million":{"input":"1","output":"1"}"#
            let cases: [(path: String, body: String, pointer: String)] = [
                ("/tenants", #"{"name":"\#(name)"}"#, "/name"), ("/pools", #"{"name":"\#(name)"}"#, "/name"),
                ("/tenants/\(tenant)/keys", #"{"name":"\#(name)"}"#, "/name"),
                ("/admin-keys", #"{"name":"\#(name)","role":"viewer"}"#, "/name"),
                ("/prices", #"{"model":"\#(name)",\#(price)}"#, "/model"),
                ("/tenants/\(tenant)/credits", #"{"amount":"1","kind":"prepaid","note":"\#(name)"}"#, "/note"),
                ("/tenants", #"{"name":"b","tags":{"x":"\#(name)"}}"#, "/tags/x"),
                ("/tenants", #"{"name":"b","tags":{"\#(name)":"x"}}"#, "/tags/\(name)"),
            ]
            for (path, body, pointer) in cases {
                let answer = try await client.call("POST", path, body)
                #expect(answer.status == 400 && answer.pointers == [pointer], Comment(rawValue: path + body))
            }
            let target = #"{"targets":[{"pool":"p","upstream_model":"\#(name)"}],"max_output_tokens":9}"#
            #expect(try await client.call("PUT", "/models/m", target).pointers == ["/targets/0/upstream_model"])
            let entry = #":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}"#
            let list = ["\"\(name)\"", "\"good\"", "\"\""].map { $0 + entry }.joined(separator: ",")
            let imported = try await client.call("POST", "/prices/import?format=litellm", "{\(list)}")
            #expect(imported["published"] == .integer(1))
            #expect(imported["omitted"].items.count == 2)
            #expect(imported["omitted"].items.allSatisfy { $0["reason"].string.hasPrefix("its name ") })
            #expect(try await client.call("GET", "/prices").names("model") == ["good"])
        }
    }

    @Test("tags follow the same rule, names and values", arguments: [#"{"=a":"b"}"#, #"{"a":"=b"}"#, #"{"a":"@b"}"#])
    func tags(json: String) throws {
        let value = try JSONParser.parse(Array(json.utf8))
        #expect(throws: FieldFault.self) { try FieldRule<[String: String]>.tags.read(value) }
    }
}
