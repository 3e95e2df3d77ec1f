import Tenancy

/// Usage of one batch of ledger lines, summed in memory so that each row of a roll-up is written once.
struct RollUpSums {
    /// Which row: a span of time and everything reports group by.
    struct Key: Hashable {
        var bucketStart: Int64
        let tenantID: ID<Tenant>
        let keyID: ID<APIKey>
        let model: String
        let pool: String
        let backendID: String

        /// Whether an entry of the same bucket counts in this row.
        func names(_ entry: LedgerEntry, _ bucketStart: Int64) -> Bool {
            bucketStart == self.bucketStart && entry.hold.tenantID == tenantID && entry.hold.keyID == keyID
                && entry.hold.model == model && entry.hold.pool == pool && entry.backendID == backendID
        }
    }

    struct Row {
        var requests: Int64 = 0
        var usage = TokenUsage.zero
        var cost = Money.zero

        mutating func add(_ other: Row) {
            requests &+= other.requests
            usage.add(other.usage)
            cost += other.cost
        }
    }

    /// Microseconds of a quarter of an hour.
    static let quarter: Int64 = 900_000_000
    /// Microseconds of a UTC day.
    static let day: Int64 = 86_400_000_000

    private(set) var quarters: [Key: Row] = [:]
    /// The row of the newest entry: neighbours mostly share it, and comparing is cheaper than looking it up.
    private var newest: (key: Key, row: Row)?

    mutating func add(_ entry: LedgerEntry) {
        let row = Row(requests: entry.isRequest ? 1 : 0, usage: entry.usage, cost: entry.cost)
        guard row.requests != 0 || row.cost != .zero || row.usage != .zero else { return }
        let bucketStart = Self.start(of: entry.hold.admittedAt, span: Self.quarter)
        if let key = newest?.key, key.names(entry, bucketStart) {
            newest?.row.add(row)
            return
        }
        finish()
        let hold = entry.hold
        let key = Key(
            bucketStart: bucketStart, tenantID: hold.tenantID, keyID: hold.keyID, model: hold.model, pool: hold.pool,
            backendID: entry.backendID
        )
        newest = (key, row)
    }

    /// Brings the newest entry's row to the others; before that they are not complete.
    mutating func finish() {
        guard let (key, row) = newest else { return }
        quarters[key, default: Row()].add(row)
        newest = nil
    }

    /// The same by UTC day.
    var days: [Key: Row] {
        var days: [Key: Row] = [:]
        for (key, row) in quarters {
            var dayKey = key
            dayKey.bucketStart = Self.start(of: Timestamp(microseconds: key.bucketStart), span: Self.day)
            days[dayKey, default: Row()].add(row)
        }
        return days
    }

    /// The start of the span an instant falls in, rounding towards the past.
    static func start(of instant: Timestamp, span: Int64) -> Int64 {
        let remainder = instant.microseconds % span
        return instant.microseconds - (remainder < 0 ? remainder + span : remainder)
    }

    /// The same rounding towards the future: the instant itself where a span starts. At the end of time, the start.
    static func end(of instant: Timestamp, span: Int64) -> Int64 {
        let start = start(of: instant, span: span)
        let (next, overflow) = start.addingReportingOverflow(span)
        return start == instant.microseconds || overflow ? start : next
    }
}
