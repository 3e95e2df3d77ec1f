import GRDB
import Tenancy

/// Entries of a quarter of an hour that were priced alike, summed in one walk in the ledger's order.
///
/// Grouping in SQL would first sort every entry with all its columns, at ten times the cost; neighbours are mostly
/// alike.
struct AlikeEntriesStore {
    /// What entries that are summed together have in common.
    struct Key: Hashable {
        let bucketStart: Int64
        /// Empty where tenants are not told apart.
        let tenant: String
        let model: String
        let pool: String
        let backendID: String
        let priceVersion: String?
        let kind: String
        let multiplierPPM: Int64

        /// Whether they are requests of their own, not what came later of one.
        var isRequest: Bool { kind == "settle" || kind == "resolve" }
    }

    struct Sum {
        var entries: Int64 = 0
        var usage = TokenUsage.zero
        /// How many entries count each meter.
        var counted = TokenUsage.zero
        var cost = Money.zero

        mutating func add(_ other: Sum) {
            entries &+= other.entries
            usage.add(other.usage)
            counted.add(other.counted)
            cost += other.cost
        }
    }

    private enum Column {
        static let admittedAt: Int32 = 0
        static let tenant: Int32 = 1
        static let model: Int32 = 2
        static let pool: Int32 = 3
        static let backendID: Int32 = 4
        static let priceVersion: Int32 = 5
        static let kind: Int32 = 6
        static let multiplierPPM: Int32 = 7
        static let cost: Int32 = 8
        static let hasOtherMeters: Int32 = 9
        static let firstMeter: Int32 = 10
    }

    private(set) var sums: [Key: Sum] = [:]
    /// Whether an entry counts a meter that has no column.
    private(set) var hasOtherMeters = false

    /// Sums the entries between two that a roll-up counts, by the meters that have columns.
    init(after first: Int64, upTo last: Int64, tellingTenants: Bool, _ db: Database) throws {
        let sql = """
            SELECT admitted_at, \(tellingTenants ? "tenant_id" : "''"), model, pool, backend_id, price_version, kind,
                multiplier_ppm, cost, other_meters IS NOT NULL,
                \(TokenUsage.columnMeters.map(\.rawValue).joined(separator: ", "))
            FROM ledger WHERE seq > ? AND seq <= ? AND \(UsageFoldStore.counted) ORDER BY seq
            """
        let row = try ColumnReaderStore(sql, [first, last], db)
        var newest: Key?
        var sum = Sum()
        while try row.next() {
            let admittedAt = row.integer(Column.admittedAt)
            let bucketStart = admittedAt - admittedAt % RollUpSums.quarter
            if newest.map({ !Self.isAlike(row, bucketStart, $0) }) ?? true {
                if let newest { sums[newest, default: Sum()].add(sum) }
                newest = Self.key(row, bucketStart)
                sum = Sum()
            }
            sum.entries += 1
            sum.cost += Money(pico: Int128(row.integer(Column.cost)))
            for (meter, column) in zip(TokenUsage.columnMeters, Column.firstMeter...) {
                let units = row.integer(column)
                guard units != 0 else { continue }
                sum.usage[meter] &+= units
                sum.counted[meter] &+= 1
            }
            if row.integer(Column.hasOtherMeters) != 0 { hasOtherMeters = true }
        }
        if let newest { sums[newest, default: Sum()].add(sum) }
    }

    private static func key(_ row: ColumnReaderStore, _ bucketStart: Int64) -> Key {
        Key(
            bucketStart: bucketStart, tenant: row.text(Column.tenant) ?? "", model: row.text(Column.model) ?? "",
            pool: row.text(Column.pool) ?? "", backendID: row.text(Column.backendID) ?? "",
            priceVersion: row.text(Column.priceVersion), kind: row.text(Column.kind) ?? "",
            multiplierPPM: row.integer(Column.multiplierPPM))
    }

    /// Whether an entry is summed with those of a key; no text is made for it.
    private static func isAlike(_ row: ColumnReaderStore, _ bucketStart: Int64, _ key: Key) -> Bool {
        bucketStart == key.bucketStart && row.integer(Column.multiplierPPM) == key.multiplierPPM
            && row.spells(Column.tenant, key.tenant) && row.spells(Column.model, key.model)
            && row.spells(Column.pool, key.pool) && row.spells(Column.backendID, key.backendID)
            && row.spells(Column.priceVersion, key.priceVersion) && row.spells(Column.kind, key.kind)
    }
}
