import Foundation
public import GRDB

/// Answers kept for repeated requests.
extension TenancyStore {
    /// Milliseconds a record is kept at least.
    private static let idempotencySpanMS: Int64 = 24 * 3_600_000
    /// Records that are past it, removed with each new one.
    private static let pruneCount = 32

    /// Keeps an answer; call it in the transaction of the change. Removes some of those that are past their time.
    public static func keep(_ database: Database, _ record: IdempotencyRecord) throws {
        let end = record.createdAt.adding(milliseconds: -idempotencySpanMS)
        try change(
            database,
            """
            DELETE FROM idempotency_keys WHERE rowid IN (
                SELECT rowid FROM idempotency_keys WHERE created_at < :end ORDER BY created_at LIMIT :count)
            """,
            ["end": end.microseconds, "count": pruneCount], expectingOne: false)
        try change(
            database,
            """
            INSERT INTO idempotency_keys (actor, key, digest, status, body, created_at)
            VALUES (:actor, :key, :digest, :status, :body, :created)
            """,
            [
                "actor": record.actor, "key": record.key, "digest": Data(record.digest), "status": record.status,
                "body": record.body, "created": record.createdAt.microseconds,
            ])
    }

    /// The answer kept for the caller's key.
    public static func idempotencyRecord(
        _ database: Database,
        actor: String,
        key: String
    ) throws -> IdempotencyRecord? {
        let sql = """
            SELECT actor, key, digest, status, body, created_at FROM idempotency_keys WHERE actor = ? AND key = ?
            """
        return try fetch(database, sql, [actor, key]) { row in
            IdempotencyRecord(
                actor: row[0], key: row[1], digest: [UInt8](row[2] as Data), status: row[3], body: row[4],
                createdAt: Timestamp(microseconds: row[5]))
        }.first
    }
}
