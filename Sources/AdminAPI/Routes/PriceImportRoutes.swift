import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/prices/import`: publishes what a price list of others says, or shows what that would change.
struct PriceImportRoutes: RouteGroup {
    /// How a list is taken over.
    private struct Manner {
        let format: PriceListFormat
        let isDryRun: Bool
        /// Only names that match; nil: all.
        let pattern: NamePattern?
        /// Only models Tollgate has, under its names.
        let isForKnownModels: Bool
        let takesJumps: Bool
        let terms: PriceImportPlan.Terms
    }

    static let resource = "prices"
    /// Versions one transaction publishes, so that calls do not wait for it.
    private static let chunk = 200

    let plane: ControlPlane

    var routes: [AdminRoute] { [postFile("prices/import", .finance, Self.whole, use: load)] }

    private static let whole = RouteShape.takesFile(
        "Publishes the prices of a list of others", ["application/json"], .priceImport
    ) { query in
        _ = query.choice("format", of: PriceListFormat.self, isRequired: true)
        for name in ["dry_run", "yes", "known_models"] { _ = query.flag(name) }
        _ = query.text("select")
        _ = query.choice("kind", of: PriceKind.self)
        _ = query.text("backend_id")
        _ = query.instant("effective_from")
    }

    private func load(_ request: Request, _ context: AdminContext) async throws -> Response {
        let manner = try manner(request)
        let bytes = try await request.bodyBytes(limit: AdminRoute.fileBodyLimit)
        let document: JSONValue
        do {
            document = try JSONParser.parse(bytes)
        } catch {
            throw Problem.invalid(
                "", "is not valid JSON: \(error.detail) at byte \(error.offset)", code: "invalid_json")
        }
        let day = String(manner.terms.effectiveFrom.rfc3339.prefix(10))
        var list = try manner.format.read(document, on: day).list
        if let pattern = manner.pattern {
            list.prices.removeAll { !pattern.matches($0.model) }
            list.omissions.removeAll { !pattern.matches($0.model) }
        }
        if manner.isForKnownModels {
            list = list.named(for: try plane.file.read { try RoutingStore.snapshot($0) }.models)
        }
        let sha256 = SecretBytes.hex(SecretBytes.sha256(bytes))
        let (chosen, terms) = (list, manner.terms)
        return try await plane.turn.run {
            let plan = PriceImportPlan(chosen.prices, over: try plane.file.read { try BillingStore.prices($0) }, terms)
            let answer = PriceImportAnswer(
                format: manner.format, sha256: sha256, isDryRun: manner.isDryRun, list: chosen, plan: plan, terms: terms
            )
            if manner.isDryRun { return try await plane.reply(context, .ok(answer.json)) }
            guard plan.conflicts.isEmpty else {
                let names = plan.conflicts.prefix(10).joined(separator: ", ")
                throw Problem.conflict(
                    "price_conflict", "prices with other numbers are published for the same instant: \(names)")
            }
            guard plan.jumps.isEmpty || manner.takesJumps else {
                throw Problem.conflict(
                    "price_jump",
                    "\(plan.jumps.count) prices change by more than half; see them with dry_run=true, take them with "
                        + "yes=true")
            }
            return try await publish(plan, answer, context)
        }
    }

    private func publish(
        _ plan: PriceImportPlan, _ answer: PriceImportAnswer, _ context: AdminContext
    ) async throws -> Response {
        let (prices, now) = (plane.prices, plane.time.now())
        var rest = plan.versions[...]
        while rest.count > Self.chunk {
            let part = Array(rest.prefix(Self.chunk))
            rest = rest.dropFirst(Self.chunk)
            // What was published before a failure is unchanged for the next attempt.
            _ = try await plane.journal.write { db in
                try part.map { try BillingStore.insert($0, db) }
            } committed: {
                $0.forEach(prices.put)
            }
        }
        let last = Array(rest)
        let made = PriceImport(
            id: ID.make(prefix: "imp", at: now), format: answer.format.rawValue, sha256: answer.sha256,
            kind: answer.terms.kind, effectiveFrom: answer.terms.effectiveFrom, published: plan.versions.count,
            createdAt: now, createdBy: context.caller.actor)
        let audit = plane.audit(context, "price.import", made.id.text, after: answer.summary)
        return try await plane.commit(context, audit: audit, answer: .ok(answer.json)) { db in
            try PriceImportStore.insert(made, db)
            return try last.map { try BillingStore.insert($0, db) }
        } committed: {
            $0.forEach(prices.put)
        }
    }

    private func manner(_ request: Request) throws -> Manner {
        var query = Query(request)
        let now = plane.time.now()
        let format = query.choice("format", of: PriceListFormat.self, isRequired: true)
        let (isDryRun, takesJumps) = (query.flag("dry_run"), query.flag("yes"))
        let isForKnownModels = query.flag("known_models")
        let pattern = query.text("select").map(NamePattern.init)
        let kind = query.choice("kind", of: PriceKind.self) ?? .tenant
        let backendID = query.text("backend_id")
        if kind == .tenant, backendID != nil { query.fail("backend_id", "belongs to upstream prices only") }
        let effectiveFrom = query.instant("effective_from") ?? now
        try query.finish()
        guard let format else { throw Problem.invalid("?format", "is required") }
        return Manner(
            format: format, isDryRun: isDryRun, pattern: pattern, isForKnownModels: isForKnownModels,
            takesJumps: takesJumps,
            terms: PriceImportPlan.Terms(
                kind: kind, backendID: backendID, effectiveFrom: effectiveFrom, publishedAt: now))
    }
}

extension PriceList {
    /// The prices of models Tollgate has, under its names: those listed under a model's name or under what its backends
    /// call it, or else the only one listed so behind a provider's name and a slash.
    fileprivate func named(for models: [ModelDefinition]) -> PriceList {
        let listed = Dictionary(grouping: prices, by: \.model)
        let bare = Dictionary(grouping: listed.keys) { name in
            name.split(separator: "/", maxSplits: 1).last.map(String.init) ?? name
        }
        var named = PriceList()
        for model in models {
            let names = [model.name] + model.targets.compactMap(\.upstreamModel)
            let exact = names.first { listed[$0] != nil }
            let behindProvider = names.lazy.compactMap { bare[$0] }.first { $0.count == 1 }?.first
            guard let found = exact ?? behindProvider else {
                named.omissions.append(.init(model: model.name, reason: "the list has no price for it, or several"))
                continue
            }
            named.prices += listed[found, default: []].map { price in
                ListedPrice(
                    model: model.name, tier: price.tier, aboveTokens: price.aboveTokens, rates: price.rates,
                    roundings: price.roundings)
            }
        }
        return named
    }
}
