import Foundation
import Testing

@testable import Tollgate

/// docs/configuration.md against the code: its defaults, its names, and that it leaves none out.
@Suite struct ConfigurationDocumentTests {
    /// One row of the document's tables.
    private struct Row {
        let path: String
        /// The default as YAML; nil where the document says there is none.
        let value: String?

        var variable: String { "TOLLGATE__" + path.uppercased().replacing(".", with: "__") }
    }

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.repository.appendingPathComponent(path), encoding: .utf8)
    }

    private func rows() throws -> [Row] {
        try text("docs/configuration.md").split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count >= 3, "\(line)")
            let value = cells[2] == "none" ? nil : cells[2].trimmingCharacters(in: ["`"])
            return Row(path: cells[0].trimmingCharacters(in: ["`"]), value: value)
        }
    }

    @Test func `the documented defaults are the defaults`() throws {
        let rows = try rows()
        #expect(rows.count > 30)
        let given = rows.compactMap { row in row.value.map { (row.variable, $0) } }
        let environment = Dictionary(given) { first, _ in first }
        let read = try ConfigurationFile.read("", file: nil, environment: environment)
        #expect("\(read)" == "\(Configuration())")
    }

    @Test func `no setting is named twice`() throws {
        let named = Dictionary(grouping: try rows().map(\.path)) { $0 }
        #expect(named.filter { $0.value.count > 1 }.keys.sorted() == [])
    }

    @Test func `every documented setting is read`() throws {
        for row in try rows() {
            let faults = #expect(throws: DocumentFaults.self, "\(row.path) takes anything") {
                try ConfigurationFile.read("", file: nil, environment: [row.variable: "{ nothing: { of: this } }"])
            }
            let texts = (faults?.faults ?? []).map(\.description)
            #expect(texts.contains { $0.contains(row.path) && !$0.contains("\(row.path) is unknown") }, "\(texts)")
        }
    }

    @Test func `every setting is documented`() throws {
        let pattern = try Regex(#"(?:read|optional|section|value)\("([a-z_0-9]+)""#)
        let folder = "Sources/Tollgate/Configuration"
        let files = try FileManager.default.contentsOfDirectory(
            atPath: Self.repository.appendingPathComponent(folder).path
        ).filter { $0.hasPrefix("ConfigurationFile") }
        let code = try files.map { try text("\(folder)/\($0)") }.joined()
        let read = Set(code.matches(of: pattern).compactMap { $0.output[1].substring.map(String.init) })
        // The two ways to name a secret are no settings of their own.
        let documented = Set(try rows().flatMap { $0.path.split(separator: ".").map(String.init) })
        #expect(read.subtracting(documented) == ["env", "file"])
        #expect(documented.subtracting(read).isEmpty)
    }
}
