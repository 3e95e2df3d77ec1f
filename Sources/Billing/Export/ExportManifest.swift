import Tenancy

/// What a month's files must come to: their digests, their rows, and each tenant's totals.
///
/// It is made from the same ledger entries and facts as the files, and only from those: the same month, filters and
/// last entry give the same bytes. The workbook is not among the files, because its bytes also depend on the library
/// that compresses it; its figures are those of the others.
///
/// Each names the SHA-256 of the manifest of the month closed before, over its bytes as they are saved. So the last one
/// stands for all files of all closed months, as far as somebody knows what it must be.
public struct ExportManifest: Sendable {
    /// One file.
    struct File: Sendable {
        let name: String
        let format: ExportFormat
        let dataset: FocusDataset?
        let rows: Int64
        let bytes: Int64
        let sha256: String
    }

    let query: ExportQuery
    let facts: PeriodFacts
    /// nil if no month was closed before.
    let previous: PreviousManifest?
    /// The ledger's last entry that counts.
    let lastSequence: Int64
    let entries: Int64
    let files: [File]
    let totals: [(tenantID: String, totals: ExportTotals)]
    /// Of the facts, what the filters leave.
    let notes: ExportNotes

    /// The manifest as JSON in one line; its last member is the SHA-256 of the object without that member.
    public var bytes: [UInt8] {
        let text = canonical
        var line = text
        line.removeLast()
        line += #","digest":""#.utf8
        line += SecretBytes.hex(SecretBytes.sha256(text)).utf8
        line += "\"}\n".utf8
        return line
    }

    /// All members but the digest of themselves.
    var canonical: [UInt8] {
        let period = facts.period
        var line = JSONLine()
        line.text("period", period.month.text)
        line.text("status", period.status.rawValue)
        line.text("closed_at", period.seal?.closedAt.rfc3339)
        line.raw("format_version", String(facts.formatVersion))
        line.text("software_version", facts.softwareVersion)
        line.raw("number", period.seal.map { String($0.number) })
        line.raw("filters", filters)
        line.text("issuer", facts.party.issuer)
        line.text("account_id", facts.party.accountID)
        line.text("account", facts.party.accountName)
        line.text("currency", facts.party.currency)
        line.raw("ledger_sequence", String(lastSequence))
        line.raw("entries", String(entries))
        line.raw("files", JSONLine.array(files.map(Self.json)))
        line.raw("totals", JSONLine.array(totals.map { json($0.tenantID, $0.totals) }))
        line.raw("total", sum)
        line.raw("price_versions", JSONLine.array(notes.prices.map(Self.json)))
        line.raw("corrections", JSONLine.array(notes.corrections.map(Self.json)))
        line.raw("uncertain_holds", JSONLine.array(notes.uncertainHolds.map(Self.json)))
        line.text("chain_head", period.seal?.chainHead)
        line.text("facts_sha256", period.seal?.factsSHA256)
        line.text("seal_sha256", period.seal?.manifestSHA256)
        line.text("previous_seal_sha256", facts.previousManifestSHA256)
        line.text("previous_period", previous?.period)
        line.text("previous_manifest_sha256", previous?.sha256)
        return line.end()
    }

    private var filters: [UInt8] {
        var line = JSONLine()
        for filter in query.filters { line.text(filter.name, filter.value) }
        return line.end()
    }

    private var sum: [UInt8] {
        var sum = ExportTotals()
        for tenant in totals { sum.add(tenant.totals) }
        return json(nil, sum)
    }

    private func json(_ tenantID: String?, _ totals: ExportTotals) -> [UInt8] {
        var line = JSONLine()
        if let tenantID {
            line.text("tenant_id", tenantID)
            line.text("tenant", facts.tenants[tenantID]?.name)
            line.text("currency", facts.party.currency)
        }
        line.raw("rows", String(totals.rows))
        line.raw("requests", String(totals.requests))
        line.text("list_cost", totals.listCost.decimal)
        line.text("cost", totals.cost.decimal)
        line.text("corrections", totals.corrections.decimal)
        line.text("prepaid", totals.purchases.decimal)
        line.text("goodwill", totals.credits.decimal)
        line.text("billed", totals.billed.decimal)
        if query.view == .upstream {
            line.text("upstream_cost", totals.upstreamCost.decimal)
            line.raw("unpriced_requests", String(totals.unpriced))
        }
        return line.end()
    }

    private static func json(_ file: File) -> [UInt8] {
        var line = JSONLine()
        line.text("name", file.name)
        line.text("format", file.format.rawValue)
        if let dataset = file.dataset { line.text("file", dataset.rawValue) }
        line.raw("rows", String(file.rows))
        line.raw("bytes", String(file.bytes))
        line.text("sha256", file.sha256)
        return line.end()
    }

    private static func json(_ price: PriceFact) -> [UInt8] {
        var line = JSONLine()
        line.text("id", price.id)
        line.text("model", price.model)
        line.text("kind", price.kind)
        line.text("backend_id", price.backendID)
        // Manifests of months closed before there were such prices stay as they are.
        if let tenantID = price.tenantID { line.text("tenant_id", tenantID) }
        line.text("tier", price.tier)
        line.raw("above_tokens", price.aboveTokens.map { String($0) })
        line.text("effective_from", price.effectiveFrom.rfc3339)
        line.text("published_at", price.publishedAt.rfc3339)
        line.raw("per_million", price.perMillion.map { Array(JSONLine.object($0).utf8) } ?? Array("null".utf8))
        line.raw("per_unit", Array(JSONLine.object(price.perUnit).utf8))
        return line.end()
    }

    private static func json(_ correction: CorrectionFact) -> [UInt8] {
        var line = JSONLine()
        line.text("id", correction.id)
        line.text("tenant_id", correction.tenantID)
        line.text("amount", correction.amount)
        line.text("corrects_period", correction.correctsPeriod)
        line.text("reason", correction.reason)
        line.text("created_by", correction.createdBy)
        return line.end()
    }

    private static func json(_ hold: HoldFact) -> [UInt8] {
        var line = JSONLine()
        line.text("id", hold.id)
        line.text("tenant_id", hold.tenantID)
        line.text("key_id", hold.keyID)
        line.text("model", hold.model)
        line.text("pool", hold.pool)
        line.text("amount", hold.amount)
        line.text("admitted_at", hold.admittedAt.rfc3339)
        return line.end()
    }
}

extension ExportTotals {
    mutating func add(_ other: ExportTotals) {
        rows += other.rows
        requests &+= other.requests
        units += other.units
        cost += other.cost
        listCost += other.listCost
        billed += other.billed
        upstreamCost += other.upstreamCost
        unpriced &+= other.unpriced
        corrections += other.corrections
        purchases += other.purchases
        credits += other.credits
    }
}
