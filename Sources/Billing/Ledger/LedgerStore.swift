import GRDB
import Tenancy

/// The rows of the ledger, its holds, accounts and roll-ups.
public enum LedgerStore {
    /// Names this process among several whose ledgers are merged.
    static let nodeID = "n1"

    // MARK: Holds

    /// Keeps what a process that died has left behind, unless its attempt ended; keeping it twice changes nothing.
    static func keepLeftovers(_ holds: [StoredHold], _ db: Database) throws {
        for hold in holds {
            try db.execute(
                literal: """
                    INSERT INTO holds (request_id, attempt, tenant_id, key_id, model, pool, backend_id, amount,
                        admitted_at, state, price_version, multiplier_ppm)
                    SELECT \(hold.id.request), \(hold.id.attempt), \(hold.tenantID.text), \(hold.keyID.text),
                        \(hold.model), \(hold.pool), \(hold.backendID), \(hold.amount.line.ledgerLine),
                        \(hold.admittedAt.microseconds), 'uncertain', \(hold.priceVersion), \(hold.multiplierPPM)
                    WHERE NOT EXISTS (
                        SELECT 1 FROM ledger WHERE request_id = \(hold.id.request) AND attempt = \(hold.id.attempt)
                            AND kind IN ('settle', 'release', 'resolve'))
                    ON CONFLICT (request_id, attempt) DO NOTHING
                    """
            )
        }
        // Those that an earlier version kept here while they were live, and any whose state cannot be read.
        try db.execute(sql: "UPDATE holds SET state = 'uncertain' WHERE state <> 'uncertain'")
    }

    /// Removes an uncertain hold.
    static func deleteHold(_ id: HoldID, _ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM holds WHERE request_id = ? AND attempt = ?", arguments: [id.request, id.attempt])
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

    /// An amount that only damage can have made holds all there is until it is resolved, and an instant that cannot be
    /// still falls in a total.
    private static func hold(_ row: Row) -> StoredHold {
        let amount: Int64 = row["amount"]
        let admittedAt: Int64 = row["admitted_at"]
        return StoredHold(
            id: HoldID(request: row["request_id"], attempt: row["attempt"]), tenantID: ID(row["tenant_id"]),
            keyID: ID(row["key_id"]), model: row["model"], pool: row["pool"], backendID: row["backend_id"],
            amount: amount < 0 ? .limitMaximum : Money(pico: Int128(amount)),
            admittedAt: Timestamp(microseconds: min(max(admittedAt, 0), Int64.max / 2 - 1)),
            isUncertain: row["state"] == "uncertain",
            priceVersion: row["price_version"], multiplierPPM: row["multiplier_ppm"]
        )
    }

    // MARK: Entries

    /// Reads the sequence of the newest entry, 0 when there is none. A sequence that only damage can have made is left
    /// to `verify`: nothing could be appended behind it.
    static let lastSequenceSQL = "SELECT COALESCE(MAX(seq), 0) FROM ledger WHERE seq < 1 << 62"

    static func lastSequence(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: lastSequenceSQL)) ?? 0
    }

    /// The first entry that ended at an instant or later, found by halving: entries are appended as they end.
    static func firstSequence(endedSince instant: Int64, _ db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "SELECT ended_at FROM ledger WHERE seq = ?")
        var low: Int64 = 1
        var high = try lastSequence(db) + 1
        while low < high {
            let middle = low + (high - low) / 2
            let ended = try Int64.fetchOne(statement, arguments: [middle]) ?? Int64.max
            if ended < instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
