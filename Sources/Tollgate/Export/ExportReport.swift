import Foundation

/// What saved files and manifests say, compared.
struct ExportReport {
    private(set) var differences: [String] = []
    private let expected: String?
    private let manifests: Int
    private let chain: ExportChain
    private var checks: [ExportCheck] = []
    private var checked = 0
    private var left = 0

    /// Looks at a manifest, or at all in a folder and below. `expected` is the SHA-256 of the manifest of the month
    /// closed last, as it was noted elsewhere. Throws `CommandFailure` where there is nothing to look at.
    init(_ path: String, expected: String?, allowsMissing: Bool) throws {
        let found = try Self.manifests(path)
        guard !found.isEmpty else { throw CommandFailure(.failed, "\(path): there is no manifest") }
        self.expected = expected
        manifests = found.count
        for manifest in found {
            let name = manifest.lastPathComponent
            guard let data = try? Data(contentsOf: manifest), let document = ExportDocument(Array(data), name: name)
            else {
                differences.append("\(name): is no manifest")
                continue
            }
            let check = ExportCheck(document: document, folder: manifest.deletingLastPathComponent())
            checks.append(check)
            let outcome = try check.run(allowsMissing: allowsMissing)
            (checked, left) = (checked + outcome.checked, left + outcome.left)
            differences += outcome.differences
        }
        chain = ExportChain(checks.map(\.document))
        differences += chain.differences() + anchorDifferences()
    }

    /// For people: each difference; or that there is none, what the last month's manifest is to be compared with, and
    /// what nobody looked at.
    var lines: [String] {
        guard differences.isEmpty else { return differences }
        var lines = ["ok: \(manifests) manifest\(manifests == 1 ? "" : "s"), \(checked) file\(checked == 1 ? "" : "s")"]
        if let last = chain.last {
            let hint = expected == nil ? "; compare it with the one noted elsewhere" : ", as expected"
            lines.append("the month closed last is \(last.period), the SHA-256 of its manifest \(last.sha256)\(hint)")
        }
        if left > 0 { lines.append("not checked, as they were not fetched: \(left) files") }
        lines += chain.missing().map { "not checked, as it is not here: the manifest of \($0)" }
        return lines + ExportCheck.unlisted(checks).map { "not checked, as no manifest lists it: \($0)" }
    }

    /// Who can write all files anew can write all hashes anew, but not what was noted elsewhere.
    private func anchorDifferences() -> [String] {
        guard let expected else { return [] }
        guard let last = chain.last else { return ["there is no manifest of a whole closed month to be expected"] }
        return last.sha256 == expected ? [] : ["\(last.name): its SHA-256 is \(last.sha256), expected was \(expected)"]
    }

    private static func manifests(_ path: String) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.notFound, "\(path): there is no such file")
        }
        let url = URL(fileURLWithPath: path)
        guard isFolder.boolValue else { return [url] }
        let below = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
        let found = below?.compactMap { $0 as? URL }.filter { entry in
            let name = entry.lastPathComponent
            return name.hasPrefix("tollgate-") && name.contains("-manifest") && name.hasSuffix(".json")
        }
        return (found ?? []).sorted { $0.path < $1.path }
    }
}
