import Foundation
public import GRDB
public import Tenancy

/// The rows of webhooks and of what is sent to them.
public enum WebhookStore {
    // MARK: Webhooks

    /// All webhooks, oldest first.
    public static func webhooks(_ db: Database) throws -> [Webhook] {
        try Row.fetchAll(db, sql: "SELECT * FROM webhooks ORDER BY id").map(webhook)
    }

    /// One webhook.
    public static func webhook(_ db: Database, _ id: ID<Webhook>) throws -> Webhook? {
        try Row.fetchOne(db, sql: "SELECT * FROM webhooks WHERE id = ?", arguments: [id.text]).map(webhook)
    }

    /// Stores a new webhook and returns how many there are now.
    public static func insert(_ webhook: Webhook, _ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO webhooks (id, url, events, sealed_secret, key_version, created_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                webhook.id.text, webhook.url, webhook.events.joined(separator: " "), Data(webhook.sealedSecret),
                webhook.keyVersion, webhook.createdAt.microseconds,
            ]
        )
        return try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM webhooks") ?? 0
    }

    /// Stores its secret as it is sealed now.
    public static func reseal(_ webhook: Webhook, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE webhooks SET sealed_secret = ?, key_version = ? WHERE id = ?",
            arguments: [Data(webhook.sealedSecret), webhook.keyVersion, webhook.id.text])
    }

    /// Removes a webhook, its log and what waits for it. Throws `BillingError.notFound`.
    public static func delete(_ id: ID<Webhook>, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM webhooks WHERE id = ?", arguments: [id.text])
        if db.changesCount == 0 { throw BillingError.notFound }
    }

    /// The webhooks that are sent events of a type.
    static func subscribers(_ db: Database, to type: String) throws -> [ID<Webhook>] {
        try String.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id FROM webhooks
                    WHERE disabled_at IS NULL AND instr(' ' || events || ' ', ' ' || ? || ' ') > 0 ORDER BY id
                    """
            ),
            arguments: [type]
        ).map { ID($0) }
    }

    // MARK: Deliveries

    /// A webhook's messages, newest first, from before the one of an id.
    public static func deliveries(
        _ db: Database,
        webhook: ID<Webhook>,
        state: WebhookDelivery.State? = nil,
        before: String?,
        limit: Int
    ) throws -> [WebhookDelivery] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM webhook_deliveries
                WHERE webhook_id = :webhook AND (:before IS NULL OR id < :before)
                    AND (:state IS NULL OR state = :state)
                ORDER BY id DESC LIMIT :limit
                """,
            arguments: ["webhook": webhook.text, "before": before, "state": state?.rawValue, "limit": limit]
        ).map(delivery)
    }

    /// The message that is due longest at each webhook that is not given up, the longest due first.
    public static func due(_ db: Database, at now: Timestamp) throws -> [(Webhook, WebhookDelivery)] {
        let webhooks = try Row.fetchAll(
            db, sql: "SELECT * FROM webhooks WHERE disabled_at IS NULL ORDER BY id"
        ).map(webhook)
        let next = try db.cachedStatement(
            sql: """
                SELECT * FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' AND next_at <= ?
                ORDER BY next_at LIMIT 1
                """
        )
        return try webhooks.compactMap { webhook in
            try Row.fetchOne(next, arguments: [webhook.id.text, now.microseconds])
                .map(delivery).map { (webhook, $0) }
        }.sorted { ($0.1.nextAt ?? now) < ($1.1.nextAt ?? now) }
    }

    static func insert(_ delivery: WebhookDelivery, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO webhook_deliveries (id, webhook_id, message_id, event, body, state, created_at, next_at,
                    attempts, last_at, status, error, milliseconds)
                SELECT :id, id, :message, :event, :body, :state, :created, :next, :attempts, :last, :status, :error,
                    :milliseconds
                FROM webhooks WHERE id = :webhook
                """,
            arguments: arguments(delivery)
        )
    }

    private static func update(_ delivery: WebhookDelivery, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE webhook_deliveries SET state = :state, next_at = :next, attempts = :attempts, last_at = :last,
                    status = :status, error = :error, milliseconds = :milliseconds
                WHERE id = :id AND state = 'pending'
                """,
            arguments: [
                "id": delivery.id.text, "state": delivery.state.rawValue, "next": delivery.nextAt?.microseconds,
                "attempts": delivery.attempts, "last": delivery.lastAt?.microseconds, "status": delivery.status,
                "error": delivery.error, "milliseconds": delivery.milliseconds,
            ]
        )
    }

    /// Stores how an attempt ended and what follows; `dice` spreads the pause. Returns why the webhook was given up
    /// because of it, nil if it was not.
    public static func finish(
        _ attempt: WebhookAttempt,
        _ delivery: WebhookDelivery,
        dice: UInt64,
        _ db: Database
    ) throws -> String? {
        try update(WebhookRetry.after(attempt, delivery, dice: dice), db)
        return try note(attempt, delivery.webhookID, db)
    }

    /// Stores a test call, which is not tried again. A webhook that was given up is taken back when it arrived.
    public static func record(test attempt: WebhookAttempt, _ delivery: WebhookDelivery, _ db: Database) throws
        -> WebhookDelivery
    {
        var ended = WebhookRetry.after(attempt, delivery, dice: 0)
        if ended.state == .pending { ended.state = .failed }
        ended.nextAt = nil
        try insert(ended, db)
        if attempt.hasArrived {
            try db.execute(
                sql: """
                    UPDATE webhooks SET failing_since = NULL, disabled_at = NULL, disabled_reason = NULL WHERE id = ?
                    """,
                arguments: [delivery.webhookID.text])
        }
        return ended
    }

    private static func note(_ attempt: WebhookAttempt, _ id: ID<Webhook>, _ db: Database) throws -> String? {
        guard let webhook = try webhook(db, id) else { return nil }
        let failingSince = attempt.hasArrived ? nil : webhook.failingSince ?? attempt.endedAt
        if failingSince != webhook.failingSince {
            try db.execute(
                sql: "UPDATE webhooks SET failing_since = ? WHERE id = ?",
                arguments: [failingSince?.microseconds, id.text])
        }
        guard webhook.disabledAt == nil,
            let reason = WebhookRetry.disables(attempt, failingSince: webhook.failingSince)
        else { return nil }
        try db.execute(
            sql: "UPDATE webhooks SET disabled_at = ?, disabled_reason = ? WHERE id = ?",
            arguments: [attempt.endedAt.microseconds, reason, id.text])
        return reason
    }

    /// How long the log is kept at most: thirty days, in milliseconds.
    public static let keptMS: Int64 = 30 * 86_400_000

    /// Whether there is anything to prune at an instant.
    public static func isPrunable(_ db: Database, at now: Timestamp, keptMS: Int64 = Self.keptMS) throws -> Bool {
        let instant = now.adding(milliseconds: -keptMS)
        return try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM webhook_deliveries WHERE created_at < ?)",
            arguments: [instant.microseconds]) ?? false
    }

    /// Removes up to `limit` messages that are too old for the log.
    public static func prune(_ db: Database, at now: Timestamp, keptMS: Int64 = Self.keptMS, limit: Int) throws {
        let instant = now.adding(milliseconds: -keptMS)
        try db.execute(
            sql: """
                DELETE FROM webhook_deliveries WHERE id IN (
                    SELECT id FROM webhook_deliveries WHERE created_at < ? LIMIT ?)
                """,
            arguments: [instant.microseconds, limit])
    }

    // MARK: Rows

    private static func arguments(_ delivery: WebhookDelivery) -> StatementArguments {
        [
            "id": delivery.id.text, "webhook": delivery.webhookID.text, "message": delivery.messageID,
            "event": delivery.event, "body": delivery.body, "state": delivery.state.rawValue,
            "created": delivery.createdAt.microseconds, "next": delivery.nextAt?.microseconds,
            "attempts": delivery.attempts, "last": delivery.lastAt?.microseconds, "status": delivery.status,
            "error": delivery.error, "milliseconds": delivery.milliseconds,
        ]
    }

    private static func webhook(_ row: Row) -> Webhook {
        let events: String = row["events"]
        var webhook = Webhook(
            id: ID(row["id"]), url: row["url"], events: events.split(separator: " ").map(String.init),
            sealedSecret: [UInt8](row["sealed_secret"] as Data), keyVersion: row["key_version"],
            createdAt: Timestamp(microseconds: row["created_at"]))
        webhook.failingSince = instant(row["failing_since"])
        webhook.disabledAt = instant(row["disabled_at"])
        webhook.disabledReason = row["disabled_reason"]
        webhook.dropped = row["dropped"]
        return webhook
    }

    private static func delivery(_ row: Row) throws -> WebhookDelivery {
        guard let state = WebhookDelivery.State(rawValue: row["state"]) else {
            throw BillingError.damaged("webhook_deliveries")
        }
        var delivery = WebhookDelivery(
            id: ID(row["id"]), webhookID: ID(row["webhook_id"]), messageID: row["message_id"], event: row["event"],
            body: row["body"], createdAt: Timestamp(microseconds: row["created_at"]))
        delivery.state = state
        delivery.nextAt = instant(row["next_at"])
        // Only damage makes it more, and one more of the most would end the process.
        delivery.attempts = min(max(row["attempts"] as Int64, 0), Int64(Int32.max))
        delivery.lastAt = instant(row["last_at"])
        delivery.status = row["status"]
        delivery.error = row["error"]
        delivery.milliseconds = row["milliseconds"]
        return delivery
    }

    private static func instant(_ microseconds: Int64?) -> Timestamp? {
        microseconds.map { Timestamp(microseconds: $0) }
    }
}
