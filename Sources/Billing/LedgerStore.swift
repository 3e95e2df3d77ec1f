import GRDB
import Tenancy

/// The rows of the ledger, its holds, accounts and roll-ups.
public enum LedgerStore {
    /// Names this process among several whose ledgers are merged.
    static let nodeID = "n1"

    // MARK: Holds

    static func insertHold(_ hold: StoredHold, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO holds (request_id, attempt, tenant_id, key_id, model, pool, backend_id, amount,
                    admitted_at, state, price_version, multiplier_ppm)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'live', ?, ?)
                """
        )
        try statement.execute(arguments: [
            hold.id.request, hold.id.attempt, hold.tenantID.text, hold.keyID.text, hold.model, hold.pool,
            hold.backendID, hold.amount.line.ledgerLine, hold.admittedAt.microseconds, hold.priceVersion,
            hold.multiplierPPM,
        ])
    }

    /// Removes the hold of an attempt that ended; false when it is not there.
    @discardableResult
    static func deleteHold(_ id: HoldID, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "DELETE FROM holds WHERE request_id = ? AND attempt = ?")
        try statement.execute(arguments: [id.request, id.attempt])
        return db.changesCount > 0
    }

    /// Marks what a process that died has left behind.
    static func markLeftoversUncertain(_ db: Database) throws {
        try db.execute(sql: "UPDATE holds SET state = 'uncertain' WHERE state = 'live'")
    }

    /// The uncertain hold of an attempt.
    static func uncertainHold(_ id: HoldID, _ db: Database) throws -> StoredHold? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM holds WHERE request_id = ? AND attempt = ? AND state = 'uncertain'",
            arguments: [id.request, id.attempt]
        ).map(hold)
    }

    static func uncertainHolds(_ db: Database) throws -> [StoredHold] {
        try Row.fetchAll(db, sql: "SELECT * FROM holds WHERE state = 'uncertain' ORDER BY request_id, attempt")
            .map(hold)
    }

    private static func hold(_ row: Row) -> StoredHold {
        StoredHold(
            id: HoldID(request: row["request_id"], attempt: row["attempt"]), tenantID: ID(row["tenant_id"]),
            keyID: ID(row["key_id"]), model: row["model"], pool: row["pool"], backendID: row["backend_id"],
            amount: Money(pico: Int128(row["amount"] as Int64)),
            admittedAt: Timestamp(microseconds: row["admitted_at"]), isUncertain: row["state"] == "uncertain",
            priceVersion: row["price_version"], multiplierPPM: row["multiplier_ppm"]
        )
    }

    // MARK: Entries

    /// The sequence of the newest entry, 0 when there is none.
    static func lastSequence(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT COALESCE(MAX(seq), 0) FROM ledger")) ?? 0
    }

    /// Appends an entry; false when the attempt has one of this kind already.
    static func append(_ entry: LedgerEntry, sequence: Int64, period: String, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id, model, pool,
                    backend_id, admitted_at, ended_at, period, price_version, multiplier_ppm, list_cost, cost,
                    upstream_cost, input, input_cache_read, input_cache_write_5m, input_cache_write_1h, output,
                    output_reasoning, provenance, outcome, status, stream)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (request_id, attempt, kind) DO NOTHING
                """
        )
        let hold = entry.hold
        let usage = entry.usage
        try statement.execute(arguments: [
            sequence, nodeID, sequence, hold.id.request, hold.id.attempt, entry.kind.rawValue, hold.tenantID.text,
            hold.keyID.text, hold.model, hold.pool, entry.backendID, hold.admittedAt.microseconds,
            entry.endedAt.microseconds, period, hold.priceVersion, hold.multiplierPPM, entry.listCost.ledgerLine,
            entry.cost.ledgerLine, entry.upstreamCost?.ledgerLine, usage.input, usage.inputCacheRead,
            usage.inputCacheWrite5m, usage.inputCacheWrite1h, usage.output, usage.outputReasoning,
            entry.provenance.rawValue, entry.outcome.rawValue, entry.status, entry.stream,
        ])
        return db.changesCount > 0
    }

    // MARK: Sums

    /// Adds to an account's posted amount, carrying picodollars into micro-dollars.
    static func post(_ amount: Money, wouldRefuse: Int64, to key: AccountKey, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO accounts (budget_id, window_start, posted_micro, posted_pico, would_refuse)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (budget_id, window_start) DO UPDATE SET
                    posted_micro = posted_micro + excluded.posted_micro
                        + (posted_pico + excluded.posted_pico) / 1000000,
                    posted_pico = (posted_pico + excluded.posted_pico) % 1000000,
                    would_refuse = would_refuse + excluded.would_refuse
                """
        )
        try statement.execute(arguments: [
            key.budget.text, key.windowStart.microseconds, amount.micro, amount.remainder, wouldRefuse,
        ])
    }

    static func add(_ sums: RollUpSums, _ db: Database) throws {
        for (table, rows) in [("usage_quarter", sums.quarters), ("usage_day", sums.days)] where !rows.isEmpty {
            let statement = try db.cachedStatement(sql: rollUp(into: table))
            for (key, row) in rows {
                try statement.execute(arguments: [
                    key.bucketStart, key.tenantID.text, key.keyID.text, key.model, key.pool, key.backendID,
                    row.requests, row.usage.input, row.usage.inputCacheRead, row.usage.inputCacheWrite5m,
                    row.usage.inputCacheWrite1h, row.usage.output, row.usage.outputReasoning, row.cost.micro,
                    row.cost.remainder,
                ])
            }
        }
    }

    private static func rollUp(into table: String) -> String {
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
}
