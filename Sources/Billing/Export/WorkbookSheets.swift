import Tenancy

/// The sheets of a month's workbook.
struct WorkbookSheets {
    /// What a sheet of models has a line for.
    private struct ModelKey: Hashable {
        let pool: String
        let model: String
        let meter: String
    }

    private let file: WorkbookFile
    private let query: ExportQuery
    private let facts: PeriodFacts
    private let sequence: Int64
    private var summary: WorkbookSheet
    private var tenants: WorkbookSheet
    private var models: WorkbookSheet
    private var daily: WorkbookSheet
    private var corrections: WorkbookSheet
    private var manifest: WorkbookSheet
    private var dailySheets = 1
    private var correctionSheets = 1
    private var versions: Set<String> = []
    private var total = ExportTotals()
    private var byTenant: [String: ExportTotals] = [:]
    private var byModel: [ModelKey: ExportTotals] = [:]

    init(
        _ file: WorkbookFile, _ query: ExportQuery, _ facts: PeriodFacts, through sequence: Int64
    ) throws(ExportError) {
        self.file = file
        self.query = query
        self.facts = facts
        self.sequence = sequence
        summary = try file.sheet(
            "Summary",
            columns: [WorkbookColumn("item", width: 24)] + [WorkbookColumn("value", width: 68)]
                + [WorkbookColumn("amount", .amount)])
        tenants = try file.sheet(
            "Tenants",
            columns: [
                WorkbookColumn("tenant_id", width: 32), WorkbookColumn("tenant", width: 24),
                WorkbookColumn("external_reference"), WorkbookColumn("requests", .whole),
            ] + WorkbookColumn.amount("list_cost") + WorkbookColumn.amount("cost") + WorkbookColumn.amount("billed"))
        models = try file.sheet(
            "Models",
            columns: [
                WorkbookColumn("pool"), WorkbookColumn("model", width: 24), WorkbookColumn("meter", width: 20),
                WorkbookColumn("requests", .whole), WorkbookColumn("units", .whole),
            ] + WorkbookColumn.amount("list_cost") + WorkbookColumn.amount("cost"))
        daily = try file.sheet("Daily", columns: Self.rowColumns(query))
        corrections = try file.sheet("Corrections", columns: Self.correctionColumns(query))
        manifest = try file.sheet(
            "Manifest",
            columns: [
                WorkbookColumn("price_version", width: 32), WorkbookColumn("model", width: 24), WorkbookColumn("kind"),
                WorkbookColumn("tier"), WorkbookColumn("above_tokens", .whole),
                WorkbookColumn("effective_from", width: 22), WorkbookColumn("prices", width: 60),
            ])
    }

    static func rowColumns(_ query: ExportQuery) -> [WorkbookColumn] {
        [
            WorkbookColumn("date", .date), WorkbookColumn("tenant_id", width: 32), WorkbookColumn("tenant", width: 24),
            WorkbookColumn("pool"), WorkbookColumn("model", width: 24), WorkbookColumn("meter", width: 20),
            WorkbookColumn("kind"), WorkbookColumn("price_version", width: 32), WorkbookColumn("corrects_period"),
            WorkbookColumn("requests", .whole), WorkbookColumn("units", .whole),
            WorkbookColumn("unit_price_exact", width: 20),
        ] + WorkbookColumn.amount("list_cost") + WorkbookColumn.amount("cost") + WorkbookColumn.amount("billed")
            + (query.isByKey ? [WorkbookColumn("key_id", width: 32), WorkbookColumn("key", width: 24)] : [])
    }

    private static func correctionColumns(_ query: ExportQuery) -> [WorkbookColumn] {
        rowColumns(query) + [WorkbookColumn("correction_id", width: 32), WorkbookColumn("reason", width: 40)]
    }

    /// How many sheets the rows and the corrections took.
    var sheetCounts: [Int] { [dailySheets, correctionSheets] }

    // MARK: Rows

    mutating func add(_ row: ExportRow) throws(ExportError) {
        total.add(row)
        byTenant[row.tenantID, default: ExportTotals()].add(row)
        if row.kind == .usage || row.kind == .adjustment {
            let key = ModelKey(pool: row.pool, model: row.model, meter: row.meter?.rawValue ?? "")
            byModel[key, default: ExportTotals()].add(row)
        }
        let cells = cells(row)
        if daily.isFull {
            daily.finish()
            dailySheets += 1
            daily = try file.sheet("Daily \(dailySheets)", columns: Self.rowColumns(query))
        }
        try daily.add(cells)
        versions.formUnion([row.priceVersion, row.listVersion].compactMap { $0 })
        guard row.correctsPeriod != nil else { return }
        if corrections.isFull {
            corrections.finish()
            correctionSheets += 1
            corrections = try file.sheet(
                "Corrections \(correctionSheets)", columns: Self.correctionColumns(query))
        }
        let correction = row.correctionID.flatMap { facts.corrections[$0] }
        try corrections.add(cells + [row.correctionID ?? "", correction?.reason ?? ""])
    }

    private func cells(_ row: ExportRow) -> [String] {
        // Spreadsheets count days from 1899-12-30.
        let day = row.day.microseconds / RollUpSums.day + 25_569
        let isUsage = row.kind == .usage
        var cells = [
            String(day), row.tenantID, facts.tenants[row.tenantID]?.name ?? "", row.pool, row.model,
            row.meter?.rawValue ?? "", row.kind.rawValue, row.priceVersion ?? "", row.correctsPeriod ?? "",
            String(row.requests), isUsage ? String(row.units) : "", isUsage ? row.unitPrice.decimal : "",
        ]
        for amount in [row.listCost, row.cost, row.billed] { cells += [amount.decimal, amount.decimal] }
        if query.isByKey { cells += [row.keyID ?? "", row.keyID.flatMap { facts.keys[$0]?.name } ?? ""] }
        return cells
    }

    // MARK: Sums

    mutating func finish() throws(ExportError) {
        for (id, sums) in byTenant.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            let tenant = facts.tenants[id]
            var cells = [id, tenant?.name ?? "", tenant?.externalReference ?? "", String(sums.requests)]
            for amount in [sums.listCost, sums.cost, sums.billed] { cells += [amount.decimal, amount.decimal] }
            try tenants.add(cells)
        }
        let models = byModel.sorted { left, right in
            let (one, other) = (left.key, right.key)
            for (a, b) in [(one.pool, other.pool), (one.model, other.model)] where a != b {
                return a.utf8.lexicographicallyPrecedes(b.utf8)
            }
            return one.meter.utf8.lexicographicallyPrecedes(other.meter.utf8)
        }
        for (key, sums) in models {
            var cells = [key.pool, key.model, key.meter, String(sums.requests), String(sums.units)]
            for amount in [sums.listCost, sums.cost] { cells += [amount.decimal, amount.decimal] }
            try self.models.add(cells)
        }
        try writeSummary()
        try writePrices()
        for sheet in [summary, tenants, self.models, daily, corrections, manifest] { sheet.finish() }
    }

    private mutating func writeSummary() throws(ExportError) {
        let period = facts.period
        let lines: [(String, String, String)] = [
            ("period", period.month.text, ""), ("status", period.status.rawValue, ""),
            ("closed_at", period.seal?.closedAt.rfc3339 ?? "", ""), ("issuer", facts.party.issuer, ""),
            ("account_id", facts.party.accountID, ""), ("account", facts.party.accountName, ""),
            ("currency", facts.party.currency, ""), ("ledger_sequence", String(sequence), ""),
            ("requests", String(total.requests), ""), ("list_cost", total.listCost.decimal, total.listCost.decimal),
            ("cost", total.cost.decimal, total.cost.decimal), ("billed", total.billed.decimal, total.billed.decimal),
            ("corrections", total.corrections.decimal, total.corrections.decimal),
            ("prepaid", total.purchases.decimal, total.purchases.decimal),
            ("goodwill", total.credits.decimal, total.credits.decimal),
            ("chain_head", period.seal?.chainHead ?? "", ""),
            ("seal_sha256", period.seal?.manifestSHA256 ?? "", ""),
            ("previous_seal_sha256", facts.previousManifestSHA256 ?? "", ""),
            ("format_version", String(facts.formatVersion), ""), ("software_version", facts.softwareVersion, ""),
        ]
        for (item, value, amount) in lines { try summary.add([item, value, amount]) }
        for filter in query.filters { try summary.add(["filter " + filter.name, filter.value, ""]) }
    }

    private mutating func writePrices() throws(ExportError) {
        for price in ExportNotes(query, facts, versions: versions).prices {
            let texts = (price.perMillion ?? [:]).merging(price.perUnit) { one, _ in one }
            try manifest.add([
                price.id, price.model, price.kind, price.tier ?? "", price.aboveTokens.map { String($0) } ?? "",
                price.effectiveFrom.rfc3339, JSONLine.object(texts),
            ])
        }
    }
}
