import Testing

@testable import Tollgate

@Suite struct DocumentTextTests {
    /// Lists of ten, each of the one before it: a billion values in ten lines.
    private static let lists =
        ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        + (1...9).map { level in
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            return "a\(level): &a\(level) [\(aliases)]"
        }

    private func fault(_ text: String) throws -> DocumentFault {
        try #require(throws: DocumentFault.self) { try DocumentText.parse(text) }
    }

    @Test func `aliases of aliases are refused before they fill the memory`() throws {
        let found = try fault(Self.lists.joined(separator: "\n"))
        #expect(found.text == "has too many aliases to follow" && found.place == .line(5))
        // As many as anybody writes are followed.
        let models = (0..<1000).map { "m\($0): { <<: *base, rpm: \($0) }" }
        let text = "base: &base { a: 1, b: 2, c: [3, 4] }\n" + models.joined(separator: "\n")
        #expect(try DocumentText.parse(text)["m999"]?["c"]?.items.count == 2)
    }

    @Test(arguments: ["? *a3\n: 1", "*a3 : 1", "b: [? *a3, *a2]", "b: { *a3 : 1 }"])
    func `aliases of aliases as a key are refused before they are compared`(key: String) throws {
        #expect(try fault((Self.lists.prefix(4) + [key]).joined(separator: "\n")).text == "has a key that is no text")
    }

    @Test(arguments: ["? [a]\n: 1", "? { a: 1 }\n: 1", "{ [a]: 1 }"])
    func `a key that is no text is refused where it stands`(text: String) throws {
        let found = try fault("x: 1\ny:\n  - " + text.replacing("\n", with: "\n    "))
        #expect(found.text == "has a key that is no text" && found.place == .line(3))
    }

    @Test func `a key may be an alias of a text`() throws {
        #expect(try DocumentText.parse("a: &a k\nb: { *a : 1 }")["b"]?["k"]?.text == "1")
    }
}
