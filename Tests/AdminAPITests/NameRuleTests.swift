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
        ])
    func refused(text: String) {
        #expect(!reads(text))
    }

    @Test(
        "ordinary names are taken",
        arguments: [
            "a", "research", "gpt-4o-mini", "org/model:free", "R&D, Köln", "東京", "a=b", "100%",
            "👩‍👩‍👧", "café", "'x'",
        ])
    func taken(text: String) {
        #expect(reads(text))
    }

    @Test("tags follow the same rule, names and values", arguments: [#"{"=a":"b"}"#, #"{"a":"=b"}"#, #"{"a":"@b"}"#])
    func tags(json: String) throws {
        let value = try JSONParser.parse(Array(json.utf8))
        #expect(throws: FieldFault.self) { try FieldRule<[String: String]>.tags.read(value) }
    }
}
