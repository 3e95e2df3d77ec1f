import Foundation

/// The files that `export fetch` saved with a manifest, with their SHA-256, in a file beside it that `sha256sum -c`
/// reads too. It tells files that were never asked for from those that are gone, and knows those that no manifest
/// lists.
struct FetchedFiles {
    /// By name.
    private(set) var digests: [String: String] = [:]
    /// Whether there is such a file at all.
    let isThere: Bool
    /// Whether it has lines that nobody wrote.
    private(set) var isDamaged = false
    /// What it is saved as.
    let name: String

    private let url: URL

    init(beside manifest: String, in folder: URL) {
        name = (manifest.hasSuffix(".json") ? String(manifest.dropLast(".json".count)) : manifest) + ".sha256"
        url = folder.appendingPathComponent(name)
        let bytes = try? Data(contentsOf: url)
        isThere = bytes != nil
        guard let bytes else { return }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        isDamaged = lines.last != ""
        for line in lines.dropLast() {
            let (digest, file) = (line.prefix(64), line.dropFirst(66))
            guard line.dropFirst(64).hasPrefix("  "), Self.isDigest(digest), !file.isEmpty, !file.contains("/") else {
                isDamaged = true
                continue
            }
            digests[String(file)] = String(digest)
        }
        // One has its manifest at least.
        if digests.isEmpty { isDamaged = true }
    }

    mutating func note(_ saved: ExportSaving.Saved) {
        digests[saved.name] = saved.sha256
    }

    /// Writes the list in place of the one before.
    func save() throws(CommandFailure) {
        let lines = digests.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }
        do {
            try Data(lines.joined().utf8).write(to: url, options: .atomic)
        } catch {
            throw CommandFailure(.failed, "\(url.path): cannot be written")
        }
    }

    /// Whether a text is a SHA-256 in small hexadecimal digits.
    static func isDigest(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
    }
}
