/// What FOCUS files say in words.
struct FocusWords {
    private let facts: PeriodFacts
    private let isUpstream: Bool

    init(_ facts: PeriodFacts, _ view: ExportQuery.View) {
        self.facts = facts
        isUpstream = view == .upstream
    }

    /// The cell of a column that is none of the numbers, names of the tenant or instants; nil for those without meaning
    /// here.
    func text(_ column: FocusColumn, _ row: ExportRow, _ charge: FocusCharge) -> String? {
        switch column {
        case .invoiceIssuerName, .providerName, .serviceProviderName, .publisherName, .hostProviderName:
            isUpstream ? backend(row) : facts.party.issuer
        case .serviceCategory: "AI and Machine Learning"
        case .serviceSubcategory: "Generative AI"
        case .serviceName: "LLM Gateway"
        case .chargeDescription: description(row, charge)
        case .consumedUnit: charge.consumed == nil ? nil : unit(row)
        case .pricingUnit: charge.priced == nil ? nil : (row.meter == nil ? "Units" : unit(row))
        case .pricingCategory: charge.priced == nil ? nil : (isUpstream ? "Other" : "Standard")
        case .resourceID: row.model.isEmpty ? nil : "pool/\(row.pool)/\(row.model)"
        case .resourceName: row.model.isEmpty ? nil : row.model
        case .resourceType: row.model.isEmpty ? nil : "Model"
        case .skuID: sku(row, charge)
        case .skuMeter:
            sku(row, charge).map { _ in row.kind == .purchase ? "Prepaid" : row.meter.map(Self.title) ?? unit(row) }
        case .skuPriceID: skuPrice(row, charge)
        case .skuPriceDetails: charge.category == .usage ? details(row) : nil
        default: nil
        }
    }

    private func backend(_ row: ExportRow) -> String {
        guard let id = row.backendID, !id.isEmpty else { return "unknown" }
        return facts.backends[id]?.name ?? id
    }

    private func description(_ row: ExportRow, _ charge: FocusCharge) -> String {
        let model = row.model.isEmpty ? "account" : row.model
        if row.kind == .usage, charge.category != .usage { return "\(model) at a price that is not known" }
        switch row.kind {
        case .usage: return row.meter.map { "\(model) \(Self.words($0))" } ?? "\(model) as the provider prices it"
        case .purchase: return "Prepaid"
        case .credit: return "Goodwill"
        case .adjustment:
            guard let month = row.correctsPeriod else { return "\(model) charge without a count" }
            let reason = row.correctionID.flatMap { facts.corrections[$0] }.map { ": " + $0.reason } ?? ""
            return "Correction of \(month) for \(model)\(reason)"
        }
    }

    private func sku(_ row: ExportRow, _ charge: FocusCharge) -> String? {
        switch charge.category {
        case .usage: "\(row.model)/\(row.meter?.rawValue ?? "upstream")"
        case .purchase: "prepaid"
        case .adjustment, .credit: nil
        }
    }

    /// One price of one meter, never used for another: a version's price for tenants of one multiplier.
    private func skuPrice(_ row: ExportRow, _ charge: FocusCharge) -> String? {
        guard let sku = sku(row, charge) else { return nil }
        let price: String? =
            switch row.kind {
            case .purchase: row.creditID
            default: isUpstream ? upstreamPrice(row) : row.priceVersion.map { $0 + multiplier(row) + list(row) }
            }
        return "\(sku)@\(price ?? "unpriced")"
    }

    /// A day of one tenant at one backend is one unit, at what it cost.
    private func upstreamPrice(_ row: ExportRow) -> String? {
        guard let backend = row.backendID else { return nil }
        let names = [backend, row.dayText, row.tenantID, row.pool, row.keyID, row.correctsPeriod]
        return names.compactMap { $0 }.joined(separator: "-")
    }

    /// An agreed price is another one beside another list price.
    private func list(_ row: ExportRow) -> String { row.listVersion.map { "/" + $0 } ?? "" }

    private func multiplier(_ row: ExportRow) -> String {
        if row.multiplierPPM == 1_000_000 { return "" }
        return "x" + Money(pico: Int128(row.multiplierPPM) * 1_000_000).decimal
    }

    private func details(_ row: ExportRow) -> String {
        var details = ["x_TokenType": row.meter?.rawValue ?? "all"]
        // A row of what a provider charges is of all tiers.
        if isUpstream { return JSONLine.object(details) }
        let price = row.priceVersion.flatMap { facts.prices[$0] }
        details["x_ServiceTier"] = price?.tier ?? "default"
        if let above = price?.aboveTokens { details["x_AboveTokens"] = String(above) }
        return JSONLine.object(details)
    }

    private func unit(_ row: ExportRow) -> String {
        switch row.meter {
        case .image: "Images"
        case .second: "Seconds"
        case .character: "Characters"
        case .request: "Requests"
        case .search: "Searches"
        // Where a provider prices calls that used no token, the calls are what is counted.
        case nil where row.units == 0: "Requests"
        default: "Tokens"
        }
    }

    /// `input cache read tokens`.
    static func words(_ meter: Meter) -> String {
        switch meter {
        case .image: "images"
        case .second: "seconds"
        case .character: "characters"
        case .request: "requests"
        case .search: "searches"
        default: meter.rawValue.split(separator: "_").joined(separator: " ") + " tokens"
        }
    }

    /// `Input Cache Read Tokens`.
    static func title(_ meter: Meter) -> String {
        words(meter).split(separator: " ").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    }
}
