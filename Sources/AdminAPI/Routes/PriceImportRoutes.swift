import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/prices/import`: publishes what a price list of others says, or shows what that would change; `/prices/imports`:
/// what was imported.
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
        let kind: PriceKind
        let backendID: String?
        /// nil: from now on.
        let effectiveFrom: Timestamp?
        /// What of it makes an import another one.
        let wish: String
    }

    static let resource = "prices"
    /// Versions one transaction publishes, so that calls do not wait for it.
    private static let chunk = 200

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            postFile("prices/import", .finance, Self.whole, use: load),
            get(
                "prices/imports", .financeAndViewers,
                .list("Lists imports of price lists", .priceImportRecord), use: list),
        ]
    }

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

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let imports = try plane.file.read { db in
            try PriceImportStore.imports(db, after: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(imports, cursor: \.made.id.text, json: \.json))
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
        let sha256 = SecretBytes.hex(SecretBytes.sha256(bytes))
        return try await plane.turn.run {
            if let id = manner.backendID, try plane.file.read({ try RoutingStore.backend($0, id: ID(id)) }) == nil {
                throw Problem.unknown("backend", id, at: "?backend_id")
            }
            let answer = try answer(manner, document, sha256)
            if manner.isDryRun { return try await plane.reply(context, .ok(answer.json)) }
            try requireAgreement(answer.plan, manner)
            return try await publish(answer, manner, context)
        }
    }

    /// What the import would do now. One that was cut short goes on from the instant that it began with.
    private func answer(_ manner: Manner, _ document: JSONValue, _ sha256: String) throws -> PriceImportAnswer {
        let now = plane.time.now()
        let (unfinished, published) = try plane.file.read { db in
            let unfinished = try PriceImportStore.unfinished(
                db, format: manner.format.rawValue, sha256: sha256, wish: manner.wish,
                effectiveFrom: manner.effectiveFrom)
            return (unfinished, try BillingStore.prices(db))
        }
        let terms = PriceImportPlan.Terms(
            kind: manner.kind, backendID: manner.backendID,
            effectiveFrom: unfinished?.effectiveFrom ?? manner.effectiveFrom ?? now, publishedAt: now)
        var list = try manner.format.read(document, on: String(terms.effectiveFrom.rfc3339.prefix(10))).list
        if let pattern = manner.pattern {
            list.prices.removeAll { !pattern.matches($0.model) }
            list.omissions.removeAll { !pattern.matches($0.model) }
        }
        if manner.isForKnownModels {
            list = list.named(for: try plane.file.read { try RoutingStore.snapshot($0) }.models)
        }
        return PriceImportAnswer(
            format: manner.format, sha256: sha256, isDryRun: manner.isDryRun, list: list,
            plan: PriceImportPlan(list.prices, over: published, terms), terms: terms, unfinished: unfinished,
            id: unfinished?.id ?? (manner.isDryRun ? nil : ID.make(prefix: "imp", at: now)))
    }

    private func requireAgreement(_ plan: PriceImportPlan, _ manner: Manner) throws(Problem) {
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
    }

    /// Publishes by parts, each with its record and its audit row in one transaction: whatever is there was audited,
    /// and after a failure the import says that parts are missing.
    private func publish(
        _ answer: PriceImportAnswer, _ manner: Manner, _ context: AdminContext
    ) async throws -> Response {
        let (prices, id) = (plane.prices, answer.id ?? ID.make(prefix: "imp", at: answer.terms.publishedAt))
        let made = PriceImport(
            id: id, format: answer.format.rawValue, sha256: answer.sha256, kind: answer.terms.kind,
            wish: manner.wish, effectiveFrom: answer.terms.effectiveFrom, planned: answer.planned,
            createdAt: answer.terms.publishedAt, createdBy: context.caller.actor)
        var rest = answer.plan.versions[...]
        var number = answer.unfinished?.parts ?? 0
        while true {
            let versions = Array(rest.prefix(Self.chunk))
            rest = rest.dropFirst(Self.chunk)
            number += 1
            let part = PriceImport.Part(number: number, published: versions.count, isLast: rest.isEmpty)
            let audit = plane.audit(context, "price.import", id.text, after: answer.summary(part))
            let write: @Sendable (TenancyStore.Transaction) throws -> [PriceVersion] = { db in
                if part.number == 1 { try PriceImportStore.insert(made, db) }
                try PriceImportStore.insert(part, of: id, db)
                return try versions.map { try BillingStore.insert($0, db) }
            }
            if part.isLast {
                return try await plane.commit(context, audit: audit, answer: .ok(answer.json), write) {
                    $0.forEach(prices.put)
                }
            }
            _ = try await plane.write(context) { db in
                let stored = try write(db)
                try TenancyStore.audit(db, audit)
                return stored
            } committed: {
                $0.forEach(prices.put)
            }
        }
    }

    private func manner(_ request: Request) throws -> Manner {
        var query = Query(request)
        let format = query.choice("format", of: PriceListFormat.self, isRequired: true)
        let (isDryRun, takesJumps) = (query.flag("dry_run"), query.flag("yes"))
        let isForKnownModels = query.flag("known_models")
        let names = query.text("select")
        let kind = query.choice("kind", of: PriceKind.self) ?? .tenant
        let backendID = query.text("backend_id")
        if kind == .tenant, backendID != nil { query.fail("backend_id", "belongs to upstream prices only") }
        let effectiveFrom = query.instant("effective_from")
        try query.finish()
        guard let format else { throw Problem.invalid("?format", "is required") }
        let wish: JSONValue = [
            "kind": .string(kind.rawValue), "backend_id": .text(backendID), "select": .text(names),
            "known_models": .bool(isForKnownModels),
        ]
        return Manner(
            format: format, isDryRun: isDryRun, pattern: names.map(NamePattern.init),
            isForKnownModels: isForKnownModels, takesJumps: takesJumps, kind: kind, backendID: backendID,
            effectiveFrom: effectiveFrom, wish: wish.text)
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
        let omitted = Dictionary(grouping: omissions, by: \.model)
        var named = PriceList()
        for model in models {
            let names = [model.name] + model.targets.compactMap(\.upstreamModel)
            let exact = names.first { listed[$0] != nil }
            let behindProvider = names.lazy.compactMap { bare[$0] }.first { $0.count == 1 }?.first
            guard let found = exact ?? behindProvider else {
                let reason = names.lazy.compactMap { omitted[$0]?.first?.reason }.first
                named.omissions.append(
                    .init(model: model.name, reason: reason ?? "the list has no price for it, or several"))
                continue
            }
            named.omissions += omitted[found, default: []].map {
                .init(model: model.name, price: $0.price, reason: $0.reason)
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
