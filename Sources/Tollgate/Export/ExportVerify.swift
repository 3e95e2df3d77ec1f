import ArgumentParser
import Foundation

/// `tollgate export verify`: checks saved files against their manifests, without a gateway.
struct ExportVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check saved files against their manifests; no gateway is asked.",
        discussion: """
            Checks each manifest's own digest, the SHA-256, size and lines of every file it lists, the sums of the CSV \
            file by tenant, that its figures are those that its manifest_sha256 was made of, and that it names the \
            month closed before it, if that is there too. Prints `ok`, or each difference and exits with 1. This finds \
            what was damaged or changed; who can write all files anew can write all hashes anew, unless a \
            manifest_sha256 is compared with one kept elsewhere.
            """)

    @Argument(help: "A manifest, or a folder with manifests or with folders of them.")
    var path = "."

    @Flag(help: "Files that are not there are no difference.")
    var partial = false

    func run() throws {
        let manifests = try Self.manifests(path)
        guard !manifests.isEmpty else { throw CommandFailure(.failed, "\(path): there is no manifest") }
        var differences: [String] = []
        var checked = 0
        var documents: [ExportDocument] = []
        var checks: [ExportCheck] = []
        for manifest in manifests {
            guard let data = try? Data(contentsOf: manifest), let document = ExportDocument(Array(data)) else {
                differences.append("\(manifest.lastPathComponent): is no manifest")
                continue
            }
            documents.append(document)
            let check = ExportCheck(
                document, name: manifest.lastPathComponent, folder: manifest.deletingLastPathComponent())
            checks.append(check)
            let found = try check.run(allowsMissing: partial)
            checked += found.checked
            differences += found.differences
        }
        differences += ExportCheck.links(documents)
        guard differences.isEmpty else {
            for difference in differences { print(difference) }
            throw ExitCode.failure
        }
        print("ok: \(manifests.count) manifest\(manifests.count == 1 ? "" : "s"), \(checked) files")
        for name in ExportCheck.unlisted(checks) { print("not checked, as no manifest lists it: \(name)") }
    }

    private static func manifests(_ path: String) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.notFound, "\(path): there is no such file")
        }
        let url = URL(fileURLWithPath: path)
        guard isFolder.boolValue else { return [url] }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let folders = names.map { url.appendingPathComponent($0) }.filter { entry in
            (try? entry.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
        }
        return manifests(of: names, in: url)
            + folders.flatMap { folder in
                manifests(of: (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [], in: folder)
            }
    }

    private static func manifests(of names: [String], in folder: URL) -> [URL] {
        names.filter { $0.hasPrefix("tollgate-") && $0.contains("-manifest") && $0.hasSuffix(".json") }
            .sorted().map { folder.appendingPathComponent($0) }
    }
}
