import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/reconciliations`: providers' bills set against the ledger.
struct ReconciliationRoutes: RouteGroup {
    static let resource = "reconciliations"

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get(
                "reconciliations", .financeAndViewers,
                .list("Lists checks of providers' bills", .reconciliationSummary),
                use: list),
            get(
                "reconciliations/{reconciliation}", .financeAndViewers,
                .one("Shows a check, line by line", .reconciliation), use: show),
            postFile("reconciliations", .finance, Self.whole, use: create),
        ]
    }

    private static let whole = RouteShape.takesFile(
        "Checks a provider's bill against the ledger", ["application/json", "text/csv"], .reconciliation, status: 201
    ) { query in
        _ = query.choice("provider", of: BillFormat.self, isRequired: true)
        _ = query.text("backend_id")
    }

    /// Without their lines.
    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let made = try plane.file.read { db in
            try ReconciliationStore.reconciliations(db, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(made, cursor: \.id.text, json: \.summary))
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = try context.parameter("reconciliation")
        guard let made = try plane.file.read({ try ReconciliationStore.reconciliation($0, id) }) else {
            throw Problem.notFound("reconciliation")
        }
        return .json(made.json)
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let format = query.choice("provider", of: BillFormat.self, isRequired: true)
        let wanted = query.text("backend_id")
        try query.finish()
        guard let format else { throw Problem.invalid("?provider", "is required") }
        let bytes = try await request.bodyBytes(limit: AdminRoute.fileBodyLimit)
        let billed = try format.read(bytes)
        guard !billed.isEmpty else { throw BillReading.fault("it holds no amount") }
        let backendID = try wanted.map { wanted in
            try plane.file.read { try ReconciliationStore.backendID($0, wanted, RoutingFactsStore.facts($0)) }
        }
        let now = plane.time.now()
        let lines: [ReconciliationLine]
        do {
            lines = try await ReconciliationStore.lines(
                plane.file, billed, backend: backendID, routing: { try RoutingFactsStore.facts($0) },
                backends: { Self.backends(format, $0) })
        } catch BillingError.notFound {
            throw Problem.unknown("backend", backendID ?? "", at: "?backend_id")
        }
        let made = Reconciliation(
            id: ID.make(prefix: "rec", at: now), provider: format.rawValue, backendID: backendID,
            sha256: SecretBytes.hex(SecretBytes.sha256(bytes)), createdAt: now, createdBy: context.caller.actor,
            lines: lines)
        let audit = plane.audit(context, "reconciliation.create", made.id.text, after: made.summary)
        return try await plane.commit(context, audit: audit, answer: .created(made.json)) { db in
            try ReconciliationStore.insert(made, db)
        } committed: {
        }
    }

    /// All that speak as the provider does; those at its own address alone, if there are any.
    private static func backends(_ format: BillFormat, _ routing: RoutingFacts) -> Set<String> {
        let ofKind = routing.backends.values.filter { format == .csv || $0.kind == format.rawValue }
        let own = ofKind.filter { $0.host.hasSuffix("\(format.rawValue).com") }
        return Set((own.isEmpty ? ofKind : own).map(\.id))
    }
}
