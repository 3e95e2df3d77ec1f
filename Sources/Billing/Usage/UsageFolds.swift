import Tenancy

/// What some entries of the ledger add to the roll-ups that follow it a few seconds behind.
struct UsageFolds {
    /// Which row of the costs by meter.
    struct MeterKey: Hashable {
        /// A quarter of an hour.
        let bucketStart: Int64
        let model: String
        let pool: String
        let backendID: String
        /// Empty for costs that no count explains.
        let meter: String
    }

    struct MeterRow: Equatable {
        /// Requests that counted something here.
        var requests: Int64 = 0
        var units: Int64 = 0
        var cost = Money.zero

        mutating func add(_ share: MeterShare) {
            requests &+= share.requests
            units &+= share.units
            cost += share.cost
        }
    }

    /// Quarters of an hour over all tenants and keys, which have no name there.
    private(set) var totals: [RollUpSums.Key: RollUpSums.Row] = [:]
    /// UTC months of tenants, whose keys have no name there.
    private(set) var months: [RollUpSums.Key: RollUpSums.Row] = [:]
    private(set) var meters: [MeterKey: MeterRow] = [:]

    /// Adds entries that were priced alike, of a tenant's quarter of an hour; `key` names no key.
    mutating func add(_ row: RollUpSums.Row, _ shares: [MeterShare], to key: RollUpSums.Key) {
        let month = BillingPeriod(containing: Timestamp(microseconds: key.bucketStart)).start.microseconds
        months[Self.key(key, month, key.tenantID), default: RollUpSums.Row()].add(row)
        totals[Self.key(key, key.bucketStart, ID("")), default: RollUpSums.Row()].add(row)
        for share in shares where !share.isNothing {
            let place = MeterKey(
                bucketStart: key.bucketStart, model: key.model, pool: key.pool, backendID: key.backendID,
                meter: share.meter?.rawValue ?? "")
            meters[place, default: MeterRow()].add(share)
        }
    }

    private static func key(_ key: RollUpSums.Key, _ bucketStart: Int64, _ tenantID: ID<Tenant>) -> RollUpSums.Key {
        RollUpSums.Key(
            bucketStart: bucketStart, tenantID: tenantID, keyID: ID(""), model: key.model, pool: key.pool,
            backendID: key.backendID)
    }
}
