import GRDB
import Tenancy

/// The rows that the writer changes with every turn, by statements that are prepared once.
///
/// Belongs to one connection and must go before it is closed.
final class LedgerRowsStore {
    private let entryInsert: PreparedRowStore
    private let newestEntry: PreparedRowStore
    private let accountUpsert: PreparedRowStore
    private let quarterUpsert: PreparedRowStore
    private let dayUpsert: PreparedRowStore
    private let quarterMeterUpsert: PreparedRowStore
    private let dayMeterUpsert: PreparedRowStore

    /// Prepares the statements. Throws `DatabaseError`.
    init(_ db: Database) throws {
        entryInsert = try PreparedRowStore(Self.entryInsertSQL, db)
        newestEntry = try PreparedRowStore(LedgerStore.lastSequenceSQL, db)
        accountUpsert = try PreparedRowStore(Self.accountUpsertSQL, db)
        quarterUpsert = try PreparedRowStore(Self.rollUpSQL(into: "usage_quarter"), db)
        dayUpsert = try PreparedRowStore(Self.rollUpSQL(into: "usage_day"), db)
        quarterMeterUpsert = try PreparedRowStore(Self.meterSQL(into: "usage_quarter_meters"), db)
        dayMeterUpsert = try PreparedRowStore(Self.meterSQL(into: "usage_day_meters"), db)
    }

    // MARK: Entries

    /// The sequence of the newest entry, 0 when there is none.
    func lastSequence() throws -> Int64 { try newestEntry.integer() }

    /// Appends an entry; false when the attempt has one of this kind already.
    func append(_ entry: LedgerEntry, sequence: Int64, period: String) throws -> Bool {
        let row = entryInsert
        let hold = entry.hold
        row.bind(sequence)
        row.bind(LedgerStore.nodeID)
        row.bind(sequence)
        row.bind(hold.id.request)
        row.bind(hold.id.attempt)
        row.bind(entry.kind.rawValue)
        row.bind(hold.tenantID.text)
        row.bind(hold.keyID.text)
        row.bind(hold.model)
        row.bind(hold.pool)
        row.bind(entry.backendID)
        row.bind(hold.admittedAt.microseconds)
        row.bind(entry.endedAt.microseconds)
        row.bind(period)
        row.bind(entry.priceVersion)
        row.bind(hold.multiplierPPM)
        row.bind(entry.listCost.ledgerLine)
        row.bind(entry.cost.ledgerLine)
        row.bind(entry.upstreamCost?.ledgerLine)
        Self.bind(entry.usage, row)
        row.bind(entry.usage.otherMetersText)
        row.bind(entry.provenance.rawValue)
        row.bind(entry.outcome.rawValue)
        row.bind(entry.status)
        row.bind(entry.stream)
        row.bind(entry.emergency)
        row.bind(entry.correctsPeriod?.text)
        return try row.run() > 0
    }

    // MARK: Sums

    /// Adds to an account's posted amount, carrying picodollars into micro-dollars.
    func post(_ amount: Money, wouldRefuse: Int64, to key: AccountKey) throws {
        let row = accountUpsert
        row.bind(key.budget.text)
        row.bind(key.windowStart.microseconds)
        row.bind(amount.micro)
        row.bind(amount.remainder)
        row.bind(wouldRefuse)
        try row.run()
    }

    func add(_ sums: RollUpSums) throws {
        for (key, row) in sums.quarters { try Self.add(key, row, quarterUpsert, quarterMeterUpsert) }
        for (key, row) in sums.days { try Self.add(key, row, dayUpsert, dayMeterUpsert) }
    }

    /// Adds to a row of a roll-up by its statements.
    static func add(
        _ key: RollUpSums.Key,
        _ sum: RollUpSums.Row,
        _ row: PreparedRowStore,
        _ meterRow: PreparedRowStore
    ) throws {
        bind(key, row)
        row.bind(sum.requests)
        bind(sum.usage, row)
        row.bind(sum.cost.micro)
        row.bind(sum.cost.remainder)
        try row.run()
        guard sum.usage.hasOtherMeters else { return }
        for meter in TokenUsage.otherMeters where sum.usage[meter] != 0 {
            bind(key, meterRow)
            meterRow.bind(meter.rawValue)
            meterRow.bind(sum.usage[meter])
            try meterRow.run()
        }
    }

    private static func bind(_ key: RollUpSums.Key, _ row: PreparedRowStore) {
        row.bind(key.bucketStart)
        row.bind(key.tenantID.text)
        row.bind(key.keyID.text)
        row.bind(key.model)
        row.bind(key.pool)
        row.bind(key.backendID)
    }

    private static func bind(_ usage: TokenUsage, _ row: PreparedRowStore) {
        row.bind(usage.input)
        row.bind(usage.inputCacheRead)
        row.bind(usage.inputCacheWrite5m)
        row.bind(usage.inputCacheWrite1h)
        row.bind(usage.output)
        row.bind(usage.outputReasoning)
    }

    // MARK: Statements

    private static let entryInsertSQL = """
        INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id, model, pool,
            backend_id, admitted_at, ended_at, period, price_version, multiplier_ppm, list_cost, cost,
            upstream_cost, input, input_cache_read, input_cache_write_5m, input_cache_write_1h, output,
            output_reasoning, other_meters, provenance, outcome, status, stream, emergency, corrects_period)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (request_id, attempt, kind) DO NOTHING
        """

    private static let accountUpsertSQL = """
        INSERT INTO accounts (budget_id, window_start, posted_micro, posted_pico, would_refuse)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (budget_id, window_start) DO UPDATE SET
            posted_micro = posted_micro + excluded.posted_micro
                + (posted_pico + excluded.posted_pico) / 1000000,
            posted_pico = (posted_pico + excluded.posted_pico) % 1000000,
            would_refuse = would_refuse + excluded.would_refuse
        """

    /// Adds to a row of a roll-up, or makes it.
    static func rollUpSQL(into table: String) -> String {
        """
        INSERT INTO \(table) (bucket_start, tenant_id, key_id, model, pool, backend_id, requests, input,
            input_cache_read, input_cache_write_5m, input_cache_write_1h, output, output_reasoning, cost_micro,
            cost_pico)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (tenant_id, bucket_start, key_id, model, pool, backend_id) DO UPDATE SET
            requests = requests + excluded.requests,
            input = input + excluded.input,
            input_cache_read = input_cache_read + excluded.input_cache_read,
            input_cache_write_5m = input_cache_write_5m + excluded.input_cache_write_5m,
            input_cache_write_1h = input_cache_write_1h + excluded.input_cache_write_1h,
            output = output + excluded.output,
            output_reasoning = output_reasoning + excluded.output_reasoning,
            cost_micro = cost_micro + excluded.cost_micro + (cost_pico + excluded.cost_pico) / 1000000,
            cost_pico = (cost_pico + excluded.cost_pico) % 1000000
        """
    }

    /// The same of a meter without a column.
    static func meterSQL(into table: String) -> String {
        """
        INSERT INTO \(table) (bucket_start, tenant_id, key_id, model, pool, backend_id, meter, units)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (tenant_id, bucket_start, key_id, model, pool, backend_id, meter) DO UPDATE SET
            units = units + excluded.units
        """
    }
}
