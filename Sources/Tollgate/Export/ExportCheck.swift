import Billing
import Foundation
import Tenancy

/// Compares one manifest with itself and with the files beside it.
struct ExportCheck {
    /// What came out.
    struct Outcome {
        var checked = 0
        /// Files the manifest lists that were never fetched.
        var left = 0
        var differences: [String] = []
    }

    private static let pieceSize = 1 << 20

    let document: ExportDocument
    let folder: URL

    /// What differs, and how many files were looked at.
    func run(allowsMissing: Bool) throws -> Outcome {
        var outcome = Outcome()
        outcome.differences = ownDifferences() + sealDifferences()
        let fetched = FetchedFiles(beside: document.name, in: folder)
        if fetched.isDamaged { outcome.differences.append("\(fetched.name): was changed") }
        let bar = ProgressBar(total: Int(clamping: document.files.reduce(0) { $0 &+ $1.bytes }))
        defer { bar.clear() }
        var done: Int64 = 0
        for file in document.files {
            let sums = Rows(file.format, file.dataset, document)
            if let found = try read(file.name, sums, progress: { bar.show(Int(clamping: done &+ $0)) }) {
                outcome.checked += 1
                outcome.differences += found.differences(from: file, document)
            } else if fetched.isThere, fetched.digests[file.name] == nil {
                outcome.left += 1
            } else if !allowsMissing {
                outcome.differences.append("\(file.name): is missing")
            }
            done &+= file.bytes
        }
        for (name, digest) in fetched.digests.sorted(by: { $0.key < $1.key }) {
            try compare(name, digest, allowsMissing: allowsMissing, &outcome)
        }
        return outcome
    }

    // MARK: The manifest

    private func ownDifferences() -> [String] {
        var differences: [String] = []
        if document.digests.told != document.digests.found {
            differences.append("\(document.name): was changed: its digest is \(document.digests.found)")
        }
        for (name, total) in document.json["total"].members.sorted(by: { $0.key < $1.key }) {
            let sum = document.totals.values.reduce(Int128?.some(0)) { (sum: Int128?, tenant: JSONValue) -> Int128? in
                guard let sum, let part = RowTotals.amount(tenant[name]) else { return nil }
                let (both, overflow) = sum.addingReportingOverflow(part)
                return overflow ? nil : both
            }
            if sum == nil || sum != RowTotals.amount(total) {
                differences.append("\(document.name): \(name) of its total is not the sum of its tenants")
            }
        }
        return differences
    }

    /// Of a closed month's manifest that leaves no entries out: what it says of the close must hash to the seal of the
    /// close, which is also what `tollgate period show` tells.
    private func sealDifferences() -> [String] {
        let json = document.json
        let isPart = json["filters"]["tenant_id"] != .null || json["filters"]["tag"] != .null
        guard document.isClosed, !isPart else { return [] }
        guard let told = json["seal_sha256"].string,
            let closedAt = json["closed_at"].string.flatMap({ Timestamp(rfc3339: $0) })
        else { return ["\(document.name): has no seal, though its month is closed"] }
        let found = PeriodManifest.sha256([
            json["period"].string, json["number"].plain, json["format_version"].plain,
            json["software_version"].string, String(closedAt.microseconds), json["entries"].plain,
            json["ledger_sequence"].plain, json["total"]["cost"].string, json["chain_head"].string,
            json["facts_sha256"].string, json["previous_seal_sha256"].string,
        ])
        return found == told ? [] : ["\(document.name): its figures are not those of the close with the seal \(told)"]
    }

    // MARK: Files

    /// What its rows are added up by; nothing for a page.
    private struct Rows {
        var table: TableTotals?
        var lines: LineTotals?

        init(_ format: String, _ dataset: String?, _ document: ExportDocument) {
            let shape: TableTotals.Shape? =
                switch (ExportFormat(rawValue: format), dataset.flatMap(FocusDataset.init(rawValue:))) {
                case (.csv?, _): .ledger
                case (.focus12?, _), (.focus14?, .costAndUsage?): document.isUpstream ? .upstreamFocus : .focus
                case (.focus14?, .invoiceDetail?): .invoices
                default: nil
                }
            table = shape.map { TableTotals($0, period: document.period) }
            if format == ExportFormat.jsonl.rawValue { lines = LineTotals() }
        }
    }

    /// A file as it was read.
    private struct Found {
        let bytes: Int64
        let sha256: String
        let rows: Rows

        func differences(from file: ExportDocument.File, _ document: ExportDocument) -> [String] {
            var differences: [String] = []
            if bytes != file.bytes { differences.append("has \(bytes) bytes, the manifest says \(file.bytes)") }
            if sha256 != file.sha256 { differences.append("SHA-256 is \(sha256), the manifest says \(file.sha256)") }
            differences += rows.table?.differences(from: document, rows: file.rows) ?? []
            differences += rows.lines?.differences(from: document, rows: file.rows) ?? []
            return differences.map { "\(file.name): \($0)" }
        }
    }

    /// nil if it is not there.
    private func read(_ name: String, _ rows: Rows, progress: (Int64) -> Void) throws -> Found? {
        guard let handle = FileHandle(forReadingAtPath: folder.appendingPathComponent(name).path) else { return nil }
        defer { try? handle.close() }
        var digest = DigestStream()
        var rows = rows
        while let data = try handle.read(upToCount: Self.pieceSize), !data.isEmpty {
            let bytes = [UInt8](data)
            digest.add(bytes)
            rows.table?.add(bytes)
            rows.lines?.add(bytes)
            progress(digest.count)
        }
        return Found(bytes: digest.count, sha256: digest.finish(), rows: rows)
    }

    /// A file that was fetched: it must be there, be what was saved and, if it is a table in another style that no
    /// manifest lists, have the totals of the plain one.
    private func compare(_ name: String, _ digest: String, allowsMissing: Bool, _ outcome: inout Outcome) throws {
        let isListed = document.files.contains { $0.name == name }
        let plain = document.files.first { $0.format == ExportFormat.csv.rawValue }
        let isStyled = !isListed && name.hasSuffix(".csv") && plain.map { name.hasPrefix($0.name.dropLast(4)) } ?? false
        let rows = Rows(isStyled ? ExportFormat.csv.rawValue : "", nil, document)
        guard let found = try read(name, rows, progress: { _ in }) else {
            // One that the manifest lists was told already.
            if !allowsMissing, !isListed { outcome.differences.append("\(name): is missing") }
            return
        }
        if !isListed, name != document.name { outcome.checked += 1 }
        if found.sha256 != digest {
            outcome.differences.append("\(name): SHA-256 is \(found.sha256), when it was fetched it was \(digest)")
        }
        if isStyled, let plain {
            outcome.differences += (found.rows.table?.differences(from: document, rows: plain.rows) ?? [])
                .map { "\(name): \($0)" }
        }
    }

    /// Downloads beside manifests of their months that neither a manifest nor a list of what was fetched knows.
    static func unlisted(_ checks: [ExportCheck]) -> [String] {
        Dictionary(grouping: checks, by: \.folder).flatMap { folder, checks -> Set<String> in
            let known = checks.flatMap { check -> [String] in
                let fetched = FetchedFiles(beside: check.document.name, in: folder)
                return check.document.files.map(\.name) + fetched.digests.keys + [check.document.name, fetched.name]
            }
            let months = checks.map { "tollgate-\($0.document.period)-" }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return Set(names).subtracting(known).filter { name in months.contains { name.hasPrefix($0) } }
        }.sorted()
    }
}
