import ArgumentParser
import Billing
import Foundation
import Proxy

/// `tollgate export fetch`: saves a month's manifest and files, each checked against the manifest.
struct ExportFetch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Save a month's files and their manifest.",
        discussion: """
            Without --format all files of the manifest are saved, and the workbook. Each file that the manifest lists \
            is checked against it before it gets its name. The workbook and a csv with --profile or --decimal are in \
            no manifest; what was saved, these included, is noted with its SHA-256 in a file beside the manifest, for \
            `export verify` and for `sha256sum -c`.
            """)

    @Argument(help: "The month, such as 2026-11.")
    var period: String

    @Option(help: "csv, jsonl, focus-1.2, focus-1.4, xlsx or statement; may be repeated.")
    var format: [String] = []

    @Option(help: "The folder to save in; it is made if need be.")
    var directory = "."

    @OptionGroup var part: ExportOptions
    @OptionGroup var options: ClientOptions

    func validate() throws {
        for name in format where ExportFormat(rawValue: name) == nil {
            let names = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("unknown format '\(name)'; there are \(names)")
        }
    }

    func run() throws {
        let client = try options.client()
        let filters = try part.filters(client)
        let folder = URL(fileURLWithPath: directory)
        try makeFolder(folder)
        let saving = ExportSaving(folder: folder, client: client)
        let manifestName = try name(of: nil, filters)
        var fetched = FetchedFiles(beside: manifestName, in: folder)
        var rows: [JSONValue] = []
        func keep(_ saved: ExportSaving.Saved, rows count: Int64?) {
            fetched.note(saved)
            rows.append(row(saved, rows: count))
        }
        keep(try saving.save(path("/manifest", filters), as: manifestName) { _ in }, rows: nil)
        let data = try Data(contentsOf: folder.appendingPathComponent(manifestName))
        guard let manifest = ExportDocument(Array(data), name: manifestName) else {
            throw CommandFailure(.failed, "\(manifestName): is no manifest")
        }
        for file in manifest.files where format.isEmpty || format.contains(file.format) {
            keep(try fetch(file, manifest, filters, saving), rows: file.rows)
        }
        if format.contains("xlsx") || (format.isEmpty && part.view != "upstream") {
            let name = try name(of: .xlsx, filters)
            let query = filters + [("format", "xlsx"), ("through", manifest.lastSequence)]
            keep(try saving.save(path("", query), as: name) { _ in }, rows: nil)
        }
        try fetched.save()
        options.show(rows, columns: ["name", "rows", "bytes", "sha256"])
    }

    private func fetch(
        _ file: ExportDocument.File, _ manifest: ExportDocument, _ filters: [(name: String, value: String)],
        _ saving: ExportSaving
    ) throws -> ExportSaving.Saved {
        var query = filters + [("format", file.format), ("through", manifest.lastSequence)]
        if let dataset = file.dataset { query.append(("file", dataset)) }
        let bar = ProgressBar(total: Int(clamping: file.bytes))
        defer { bar.clear() }
        let isStyled = file.format == "csv" && !part.style.isEmpty
        // A style makes another file of the same rows, which the manifest does not know.
        let name = try isStyled ? self.name(of: .csv, filters + part.style) : file.name
        return try saving.save(
            path("", query + (isStyled ? part.style : [])), as: name, sha256: isStyled ? nil : file.sha256
        ) { bar.show(Int(clamping: $0)) }
    }

    private func row(_ saved: ExportSaving.Saved, rows: Int64?) -> JSONValue {
        .object([
            "name": .string(saved.name), "rows": rows.map { .number(Decimal($0)) } ?? .null,
            "bytes": .number(Decimal(saved.bytes)), "sha256": .string(saved.sha256),
        ])
    }

    private func makeFolder(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.failed, "\(folder.path): cannot be made")
        }
    }

    private func path(_ suffix: String, _ query: [(name: String, value: String)]) -> String {
        let items = query.map { "\($0.name)=\(PercentCoding.encoded($0.value))" }
        let tail = items.isEmpty ? "" : "?" + items.joined(separator: "&")
        return "/exports/\(PercentCoding.encoded(period))\(suffix)\(tail)"
    }

    /// The name that the server gives the same file; nil: the manifest.
    private func name(of format: ExportFormat?, _ filters: [(name: String, value: String)]) throws -> String {
        guard let month = BillingPeriod(period) else { throw CommandFailure(.usage, "\(period): is no month") }
        var query = ExportQuery(format: format ?? .csv)
        for filter in filters {
            switch filter.name {
            case "tenant_id": query.tenantID = filter.value
            case "tag": query.tag = ExportTag(filter.value)
            case "profile": query.profile = ExportQuery.Profile(rawValue: filter.value)
            case "decimal": query.decimal = ExportQuery.Decimal(rawValue: filter.value) ?? .point
            case "view": query.view = ExportQuery.View(rawValue: filter.value) ?? .tenant
            default: query.isByKey = true
            }
        }
        return format == nil ? query.manifestName(month: month.text) : query.fileName(month: month.text)
    }
}
