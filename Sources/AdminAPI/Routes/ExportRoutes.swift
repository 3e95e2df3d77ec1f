import Billing
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Tenancy

/// `/exports/{yyyy-mm}`: a month's files and their manifest, streamed; each download is in the audit log before its
/// first byte.
struct ExportRoutes: RouteGroup {
    static let resource = "exports"

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("exports/{period}", .finance, Self.file, use: download),
            get("exports/{period}/manifest", .finance, Self.contents, use: manifest),
        ]
    }

    private static let file: RouteShape = {
        let types = ExportFormat.allCases.compactMap { $0.contentType.split(separator: ";").first.map(String.init) }
        return .file("Downloads a month", Set(types).sorted()) { query in
            _ = query.export()
            _ = query.text("through")
        }
    }()

    private static let contents = RouteShape.file("Downloads counts, totals and digests", ["application/json"]) {
        _ = $0.exportFilters(of: ExportQuery(format: .csv))
        _ = $0.text("through")
    }

    private func download(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let wanted = query.export()
        return try await answer(request, context, query, wanted, isManifest: false)
    }

    private func manifest(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let wanted = query.exportFilters(of: ExportQuery(format: .csv))
        return try await answer(request, context, query, wanted, isManifest: true)
    }

    private func answer(
        _ request: Request, _ context: AdminContext, _ rest: Query, _ wanted: ExportQuery, isManifest: Bool
    ) async throws -> Response {
        let month = try context.month(begunBy: plane.time.now())
        var rest = rest
        let through = rest.whole(rest.text("through"), "through")
        if let through, through < 0 { rest.fail("through", "must not be below 0") }
        try rest.finish()
        if let tenant = wanted.tenantID, try plane.file.read({ try TenancyStore.tenant($0, ID(tenant)) }) == nil {
            throw Problem.unknown("tenant", tenant, at: "?tenant_id")
        }
        guard let place = ExportPlace(plane.exports) else { throw Problem.exportsBusy }
        let isCompressed = !isManifest && wanted.format != .xlsx && request.headers.acceptsGzip
        let opening = ExportOpening(
            month: month, query: wanted, through: through, isManifest: isManifest, isCompressed: isCompressed)
        let opened = try await open(opening, context)
        if let tag = opened.entityTag, EntityTag.isKnown(tag, to: request.headers) {
            // Nothing is handed out, so nothing is audited.
            return Response(status: .notModified, headers: [.eTag: tag, .vary: "accept-encoding"])
        }
        try await note(opening, context)
        return response(opening, opened, place, context)
    }

    /// A manifest names that of the month closed before, which somebody must have made once.
    private func open(_ opening: ExportOpening, _ context: AdminContext) async throws -> ExportOpening.Opened {
        while true {
            do {
                return try await plane.exports.run { [plane] in try opening.run(plane) }
            } catch ExportError.manifestNotMade {
                try await makeManifests(context)
            }
        }
    }

    /// Makes the manifests of all closed months that have none, in the order of closing, and keeps their hashes.
    private func makeManifests(_ context: AdminContext) async throws {
        while let month = try plane.file.read({ try ExportManifestStore.firstMissing($0) }) {
            let opening = ExportOpening(
                month: month, query: ExportQuery(format: .csv), through: nil, isManifest: true, isCompressed: false)
            let download = try await plane.exports.run { [plane] in try opening.run(plane) }.download
            var bytes: [UInt8] = []
            while let piece = try await plane.exports.run({ try download.next() }) { bytes += piece }
            let sha256 = SecretBytes.hex(SecretBytes.sha256(bytes))
            try await plane.write(context) { db in try ExportManifestStore.keep(sha256, of: month, db) }
        }
    }

    private func note(_ opening: ExportOpening, _ context: AdminContext) async throws {
        let audit = plane.audit(
            context, "export.download", opening.month.text, after: .object(opening.auditMembers))
        try await plane.write(context) { db in try TenancyStore.audit(db, audit) }
    }

    private func response(
        _ opening: ExportOpening, _ opened: ExportOpening.Opened, _ place: ExportPlace, _ context: AdminContext
    ) -> Response {
        var headers: HTTPFields = [.contentType: opening.contentType, .vary: "accept-encoding"]
        headers[.contentDisposition] = "attachment; filename=\"\(opening.fileName)\""
        headers[.eTag] = opened.entityTag
        headers[.ledgerSequence] = String(opened.lastSequence)
        // A statement is a page: it must not run anything, wherever it is opened.
        headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        if opening.isCompressed { headers[.contentEncoding] = "gzip" }
        let (file, download, requestID) = (opening.fileName, opened.download, context.requestID)
        let body = ResponseBody { writer in
            // The place is taken until the last byte, or until nobody wants one.
            defer { withExtendedLifetime(place) {} }
            while let piece = try await next(download, of: file, requestID) {
                if !piece.isEmpty { try await writer.write(ByteBuffer(bytes: piece)) }
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// The next bytes of a file. Its head is sent already: when there are none, the client sees a file that is cut off,
    /// and only the log can say why.
    private func next(_ download: ExportDownload, of file: String, _ requestID: String) async throws -> [UInt8]? {
        do {
            return try await plane.exports.run { try download.next() }
        } catch {
            plane.logger.error(
                "a download was cut off",
                metadata: ["request_id": "\(requestID)", "file": "\(file)", "error": "\(error)"])
            throw error
        }
    }
}

extension Problem {
    fileprivate static let exportsBusy = Problem(
        status: .serviceUnavailable, code: "exports_busy",
        detail: "\(ExportThread.limit) downloads are under way already")
}

extension Query {
    /// What a download is to be; faults are told by `finish`.
    fileprivate mutating func export() -> ExportQuery {
        var export = ExportQuery(format: choice("format", of: ExportFormat.self) ?? .csv)
        if let dataset = choice("file", of: FocusDataset.self) {
            export.dataset = dataset
            if export.format != .focus14 { fail("file", "is for format=focus-1.4") }
        }
        export.profile = choice("profile", of: ExportQuery.Profile.self)
        export.decimal = choice("decimal", of: ExportQuery.Decimal.self) ?? .point
        if export.format != .csv {
            if export.profile != nil { fail("profile", "is for format=csv") }
            if export.decimal != .point { fail("decimal", "is for format=csv") }
        }
        export = exportFilters(of: export)
        if export.view == .upstream, !export.format.hasUpstreamView || export.dataset == .invoiceDetail {
            fail("view", "upstream is for csv, jsonl, focus-1.2 and focus-1.4's cost-and-usage")
        }
        return export
    }

    /// Which part of the month it is about.
    fileprivate mutating func exportFilters(of export: ExportQuery) -> ExportQuery {
        var export = export
        export.view = choice("view", of: ExportQuery.View.self) ?? .tenant
        export.tenantID = text("tenant_id")
        if let group = text("group_by") {
            export.isByKey = group == "key"
            if !export.isByKey { fail("group_by", "must be key") }
        }
        if let tag = text("tag") {
            export.tag = ExportTag(tag)
            if export.tag == nil { fail("tag", "must be a tag's name, or name:value") }
        }
        return export
    }
}
