import GRDB
import Tenancy

/// Sums of the ledger's entries that were priced alike, and what each meter cost of them: units times the price of the
/// version on the entry, as they were priced.
final class MeterSumsStore {
    /// Which price: a version and a tenant's multiplier.
    private struct Price: Hashable {
        let version: String
        let ppm: Int64
    }

    /// As they are met; versions never change.
    private var rates: [Price: Rates] = [:]

    /// What tells entries apart that were priced differently.
    static let groups = "price_version, multiplier_ppm, kind"

    /// Columns of the sums of some meters, and how many entries count each.
    static func columns(_ meters: [Meter]) -> String {
        meters.map { meter in
            let name = meter.rawValue
            let units = TokenUsage.columnMeters.contains(meter) ? name : "COALESCE(other_meters ->> '\(name)', 0)"
            return "SUM(\(units)) AS \(name), SUM(\(units) != 0) AS \(name)_entries"
        }.joined(separator: ", ")
    }

    /// The sum of costs in two parts, because one could overflow.
    static let cost = "SUM(cost / 1000000) AS micro, SUM(cost % 1000000) AS pico"

    /// Whether a row's entries are requests of their own, not what came later of one.
    static func isRequest(_ row: Row) -> Bool {
        ["settle", "resolve"].contains(row["kind"] as String)
    }

    /// What the row's entries used of these meters.
    static func usage(_ row: Row, _ meters: [Meter]) -> TokenUsage {
        var usage = TokenUsage.zero
        for meter in meters { usage[meter] = row[meter.rawValue] }
        return usage
    }

    /// The shares of a row with the columns above; `micro` and `pico` are its cost.
    func shares(_ row: Row, _ meters: [Meter], _ db: Database) throws -> [MeterShare] {
        let isRequest = Self.isRequest(row)
        return MeterShare.shares(
            of: Self.usage(row, meters), counted: { isRequest ? row["\($0.rawValue)_entries"] : 0 },
            costing: Money(micro: row["micro"], remainder: row["pico"]),
            at: try rates(row["price_version"], row["multiplier_ppm"], db))
    }

    /// The shares of a sum that was made without columns.
    func shares(_ sum: AlikeEntriesStore.Sum, _ key: AlikeEntriesStore.Key, _ db: Database) throws -> [MeterShare] {
        MeterShare.shares(
            of: sum.usage, counted: { key.isRequest ? sum.counted[$0] : 0 }, costing: sum.cost,
            at: try rates(key.priceVersion, key.multiplierPPM, db))
    }

    private func rates(_ version: String?, _ ppm: Int64, _ db: Database) throws -> Rates? {
        guard let version else { return nil }
        let price = Price(version: version, ppm: ppm)
        if let known = rates[price] { return known }
        let scaled = try BillingStore.price(version, db)?.rates.scaled(ppm: ppm)
        rates[price] = scaled
        return scaled
    }
}
