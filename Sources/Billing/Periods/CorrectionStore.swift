public import GRDB
import Tenancy

/// The rows that say why entries correct closed months.
public enum CorrectionStore {
    /// Records a correction; `Ledger.correct` writes its entry too. Throws `BillingError.unknownScope`.
    static func insert(_ correction: Correction, _ db: Database) throws {
        guard let amount = correction.amount.ledgerLine else { throw BillingError.outOfRange }
        do {
            try db.execute(
                sql: """
                    INSERT INTO corrections (id, corrects_period, tenant_id, key_id, model, pool, amount, reason,
                        created_at, created_by)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    correction.id.text, correction.correctsPeriod.text, correction.tenantID.text,
                    correction.keyID?.text, correction.model, correction.pool, amount, correction.reason,
                    correction.createdAt.microseconds, correction.createdBy,
                ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            throw BillingError.unknownScope
        }
    }

    /// The corrections booked in a span, oldest first.
    static func corrections(_ db: Database, from start: Timestamp, until end: Timestamp) throws -> [Correction] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM corrections WHERE created_at >= ? AND created_at < ? ORDER BY id",
            arguments: [start.microseconds, end.microseconds]
        ).map(correction)
    }

    /// A page of the corrections to a month, oldest first.
    public static func corrections(
        _ db: Database,
        to month: BillingPeriod,
        after: String?,
        limit: Int
    ) throws -> [Correction] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM corrections WHERE corrects_period = ? AND id > ? ORDER BY id LIMIT ?",
            arguments: [month.text, after ?? "", limit]
        ).map(correction)
    }

    private static func correction(_ row: Row) throws -> Correction {
        guard let month = BillingPeriod(row["corrects_period"] as String) else {
            throw BillingError.damaged("corrections")
        }
        return Correction(
            id: ID(row["id"]), correctsPeriod: month, tenantID: ID(row["tenant_id"]),
            keyID: (row["key_id"] as String?).map { ID($0) }, model: row["model"], pool: row["pool"],
            amount: Money(pico: Int128(row["amount"] as Int64)), reason: row["reason"],
            createdAt: Timestamp(microseconds: row["created_at"]), createdBy: row["created_by"])
    }
}
