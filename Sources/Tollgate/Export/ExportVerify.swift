import ArgumentParser
import Foundation

/// `tollgate export verify`: checks saved files against their manifests, without a gateway.
struct ExportVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check saved files against their manifests; no gateway is asked.",
        discussion: """
            Checks each manifest's own digest and seal; SHA-256, size and lines of every file it lists; the totals of \
            each tenant, worked out anew from the rows of csv, jsonl and FOCUS; the files that `export fetch` saved \
            besides; and that each manifest names the one of the month closed before it by its SHA-256. Prints `ok` \
            and the SHA-256 of the last closed month's manifest, or each difference, and exits with 1.

            A month cannot be forged without forging every later one. So the last manifest's SHA-256, noted where \
            those who keep the files cannot write, or asked of the gateway, proves all of them: give it with --expect.
            """)

    @Argument(help: "A manifest, or a folder with manifests, in it or in folders below it.")
    var path = "."

    @Option(help: "The SHA-256 that the manifest of the month closed last must have, as it was noted elsewhere.")
    var expect: String?

    @Flag(help: "Files that are not there are no difference.")
    var partial = false

    func validate() throws {
        if let expect, !FetchedFiles.isDigest(expect.lowercased()) {
            throw ValidationError("--expect takes 64 hexadecimal digits")
        }
    }

    func run() throws {
        let report = try ExportReport(path, expected: expect?.lowercased(), allowsMissing: partial)
        for line in report.lines { print(line) }
        if !report.differences.isEmpty { throw ExitCode.failure }
    }
}
