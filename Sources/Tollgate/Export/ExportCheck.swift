import Billing
import Foundation
import Tenancy

/// Compares one manifest with the files beside it.
struct ExportCheck {
    private static let pieceSize = 1 << 20

    private let document: ExportDocument
    private let name: String
    private let folder: URL

    init(_ document: ExportDocument, name: String, folder: URL) {
        self.document = document
        self.name = name
        self.folder = folder
    }

    /// What differs, and how many files were looked at.
    func run(allowsMissing: Bool) throws -> (checked: Int, differences: [String]) {
        var differences: [String] = []
        if document.digests.told != document.digests.found {
            differences.append("\(name): was changed: its digest is \(document.digests.found)")
        }
        differences += sealDifferences()
        var checked = 0
        let total = document.files.reduce(0) { $0 + $1.bytes }
        let bar = ProgressBar(total: Int(clamping: total))
        var done: Int64 = 0
        for file in document.files {
            guard let handle = FileHandle(forReadingAtPath: folder.appendingPathComponent(file.name).path) else {
                if !allowsMissing { differences.append("\(file.name): is missing") }
                continue
            }
            checked += 1
            differences += try compare(file, handle) { bar.show(Int(clamping: done + $0)) }
            done += file.bytes
        }
        bar.clear()
        return (checked, differences)
    }

    /// Of a closed month's manifest without a filter that leaves entries out: what it says of the close must hash to
    /// what the next month names.
    private func sealDifferences() -> [String] {
        let json = document.json
        let isPart = json["filters"]["tenant_id"] != .null || json["filters"]["tag"] != .null
        guard let told = json["manifest_sha256"].string, !isPart, json["number"] != .null,
            let closedAt = json["closed_at"].string.flatMap({ Timestamp(rfc3339: $0) })
        else { return [] }
        let found = PeriodManifest.sha256([
            json["period"].string, json["number"].plain, json["format_version"].plain,
            json["software_version"].string, String(closedAt.microseconds), json["entries"].plain,
            json["ledger_sequence"].plain, json["total"]["cost"].string, json["chain_head"].string,
            json["facts_sha256"].string, json["previous_manifest_sha256"].string,
        ])
        return found == told ? [] : ["\(name): its figures are not those of the close with manifest_sha256 \(told)"]
    }

    /// Downloads beside manifests of their months that none of them lists: nothing is known of them.
    static func unlisted(_ checks: [ExportCheck]) -> [String] {
        Dictionary(grouping: checks, by: \.folder).flatMap { folder, checks in
            let listed = Set(checks.flatMap { $0.document.files.map(\.name) })
            let months = checks.map { "tollgate-\($0.document.json["period"].plain)-" }
            return ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { name in
                !name.contains("-manifest") && !listed.contains(name) && months.contains { name.hasPrefix($0) }
            }
        }.sorted()
    }

    private func compare(
        _ file: ExportDocument.File, _ handle: FileHandle, progress: (Int64) -> Void
    ) throws -> [String] {
        defer { try? handle.close() }
        var digest = DigestStream()
        var sums = file.format == "csv" ? ExportColumnSums() : nil
        while let data = try handle.read(upToCount: Self.pieceSize), !data.isEmpty {
            let bytes = [UInt8](data)
            digest.add(bytes)
            sums?.add(bytes)
            progress(digest.count)
        }
        var differences: [String] = []
        if digest.count != file.bytes {
            differences.append("\(file.name): has \(digest.count) bytes, the manifest says \(file.bytes)")
        }
        let found = digest.finish()
        if found != file.sha256 {
            differences.append("\(file.name): SHA-256 is \(found), the manifest says \(file.sha256)")
        }
        if let sums { differences += sums.differences(from: document, rows: file.rows).map { "\(file.name): \($0)" } }
        return differences
    }

    /// Where manifests of months closed one after the other do not name each other.
    static func links(_ documents: [ExportDocument]) -> [String] {
        let known = Set(documents.compactMap { $0.json["manifest_sha256"].string })
        let closed = documents.filter { $0.json["manifest_sha256"].string != nil }
            .sorted { $0.json["closed_at"].plain < $1.json["closed_at"].plain }
        return zip(closed, closed.dropFirst()).compactMap { before, after in
            guard before.json["period"] != after.json["period"],
                let previous = after.json["previous_manifest_sha256"].string, !known.contains(previous),
                Self.follows(before.json["period"].plain, after.json["period"].plain)
            else { return nil }
            return "\(after.json["period"].plain): names another manifest before it than that of "
                + before.json["period"].plain
        }
    }

    /// Whether one month comes right after the other.
    private static func follows(_ before: String, _ after: String) -> Bool {
        let months = [before, after].map { text -> Int in
            let parts = text.split(separator: "-").compactMap { Int($0) }
            return parts.count == 2 ? parts[0] * 12 + parts[1] : 0
        }
        return months[0] + 1 == months[1]
    }
}
