import Testing

@testable import Tollgate

@Suite struct DocumentTextTests {
    @Test func `aliases of aliases are refused before they fill the memory`() throws {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for level in 1...12 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            lines.append("a\(level): &a\(level) [\(aliases)]")
        }
        #expect(throws: DocumentFault.self) { try DocumentText.parse(lines.joined(separator: "\n")) }
        // As many as anybody writes are followed.
        let models = (0..<1000).map { "m\($0): { <<: *base, rpm: \($0) }" }
        let text = "base: &base { a: 1, b: 2, c: [3, 4] }\n" + models.joined(separator: "\n")
        #expect(try DocumentText.parse(text)["m999"]?["c"]?.items.count == 2)
    }
}
