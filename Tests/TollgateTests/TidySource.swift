import Foundation

/// One Swift file of the repository, split for the tidy rules.
struct TidySource: Sendable {
    /// Relative to the repository, `Sources/Billing/Ledger.swift`.
    let path: String
    let lines: [Substring]
    let code: String
    let literals: String
    let comments: String

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        (code, literals, comments) = TidyLexer.split(text)
    }

    private var components: [Substring] { path.split(separator: "/") }
    var isProduct: Bool { components.first == "Sources" }
    /// The target's folder.
    var module: String { components.count > 1 ? String(components[1]) : "" }
    var fileName: String { String(components.last ?? "") }

    /// `Sources/Proxy/Upstream/…` is in the folder `Proxy/Upstream`.
    func isIn(folder: String) -> Bool { path.hasPrefix("Sources/\(folder)/") }

    /// Files that own tables: the only ones with SQL.
    var isStore: Bool { fileName.hasSuffix("Store.swift") || fileName.hasSuffix("Schema.swift") }

    /// The manifest and all Swift files below `Sources` and `Tests` of the repository this test file belongs to.
    static func repository(testFile: String = #filePath) throws -> [TidySource] {
        let root = URL(fileURLWithPath: testFile).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let manifest = try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
        var sources = [TidySource(path: "Package.swift", text: manifest)]
        for folder in ["Sources", "Tests"] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            for name in names.sorted() where name.hasSuffix(".swift") {
                let path = "\(folder)/\(name)"
                let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
                sources.append(TidySource(path: path, text: text))
            }
        }
        return sources
    }
}
