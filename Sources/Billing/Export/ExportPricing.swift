import Tenancy

/// Splits what a group cost by meter: units times the price of the version on its entries, as they were priced. What
/// no count explains becomes a row of its own, so that the rows add up to the ledger exactly.
struct ExportPricing {
    private let rates: [String: Rates]
    private let listPrices: ExportListPrices

    /// With the price versions that the entries name.
    init(_ prices: [String: PriceFact]) throws(ExportError) {
        var rates: [String: Rates] = [:]
        for (id, price) in prices {
            do throws(RatesError) {
                rates[id] = try price.rates()
            } catch {
                throw .damagedPrice(id)
            }
        }
        self.rates = rates
        do throws(RatesError) {
            listPrices = try ExportListPrices(prices)
        } catch {
            throw .damagedPrice("")
        }
    }

    /// Whether any price was agreed with a tenant.
    var hasAgreements: Bool { !listPrices.isEmpty }

    /// The list's version where `version` was agreed with a tenant; nil for any other.
    func listVersion(beside version: String, inputTokens: Int64, at admitted: Timestamp) -> String? {
        listPrices.version(beside: version, inputTokens: inputTokens, at: admitted)
    }

    /// The rows of one group, each a copy of `row` with its numbers.
    func rows(_ row: ExportRow, _ sums: ExportSums, multiplierPPM: Int64) throws(ExportError) -> [ExportRow] {
        let version = row.priceVersion.flatMap { rates[$0] }
        let own = version?.scaled(ppm: multiplierPPM)
        let list = row.listVersion.flatMap { rates[$0] } ?? version
        var rest = Money(pico: sums.cost)
        var listRest = Money(pico: sums.listCost)
        var rows: [ExportRow] = []
        for meter in Meter.allCases where sums.usage[meter] != 0 {
            guard sums.usage[meter] < .max else { throw .tooManyUnits(row.tenantID) }
            var line = row
            line.meter = meter
            line.units = sums.usage[meter]
            line.estimatedUnits = sums.estimated[meter]
            line.price(list?[meter] ?? 0, own?[meter] ?? 0)
            rest -= line.cost
            // The ledger has an agreed cost as its list cost: what is left of it is measured by the same price.
            listRest -= row.listVersion == nil ? line.listCost : line.cost
            rows.append(line)
        }
        if rest != .zero || listRest != .zero || (rows.isEmpty && sums.requests != 0) {
            var line = row
            line.kind = .adjustment
            line.cost = rest
            line.listCost = listRest
            rows.append(line)
        }
        if !rows.isEmpty { rows[0].requests = sums.requests }
        return rows
    }

    /// What the providers of one group charge, as one row: their prices are theirs to split.
    func upstreamRow(_ row: ExportRow, _ sums: ExportSums) -> ExportRow {
        var line = row
        // A correction made by hand has no backend: no provider charges for it.
        if row.backendID?.isEmpty ?? true { line.kind = .adjustment }
        line.units = sums.usage.total
        line.estimatedUnits = sums.estimated.total
        line.requests = sums.requests
        line.cost = Money(pico: sums.cost)
        line.listCost = Money(pico: sums.listCost)
        // Of attempts that were never answered nothing is unknown: they cost nothing.
        line.upstreamCost = sums.upstreamCost.map { Money(pico: $0) } ?? (sums.unpriced == 0 ? .zero : nil)
        line.unpriced = sums.unpriced
        return line
    }
}
