import Foundation
public import GRDB
import Tenancy

/// What was alerted, and the outbox: both are written in the transaction of what happened.
public enum AlertStore {
    /// The message as it is sent.
    private struct Message: Encodable {
        let id: String
        let type: String
        let timestamp: String
        let data: [String: String?]
    }

    /// Messages that may wait for one webhook; more are dropped and counted there.
    static let waitingAtMost = 1000

    /// Puts an event into the outbox of every webhook that wants it. Call it in the transaction of what happened.
    public static func raise(_ event: AlertEvent, _ db: Database) throws {
        let webhooks = try WebhookStore.subscribers(db, to: event.type)
        guard !webhooks.isEmpty else { return }
        let body = try body(event)
        for webhook in webhooks {
            let waiting = try Int.fetchOne(
                db.cachedStatement(
                    sql: "SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending'"),
                arguments: [webhook.text])
            guard waiting ?? 0 < waitingAtMost else {
                try db.execute(
                    sql: "UPDATE webhooks SET dropped = dropped + 1 WHERE id = ?", arguments: [webhook.text])
                continue
            }
            try WebhookStore.insert(
                WebhookDelivery(
                    id: ID.make(prefix: "whd", at: event.at), webhookID: webhook, messageID: event.id.text,
                    event: event.type, body: body, createdAt: event.at), db)
        }
    }

    /// Raises those alerts of a budget's window that nobody raised before, and returns them.
    static func raise(_ check: AlertCheck, at now: Timestamp, _ db: Database) throws -> [AlertRule.Alert] {
        var raised: [AlertRule.Alert] = []
        for alert in check.alerts {
            // The budget may have been deleted since it was looked at.
            try db.execute(
                sql: """
                    INSERT INTO budget_alerts (budget_id, window_start, alert, raised_at)
                    SELECT id, :start, :alert, :now FROM budgets WHERE id = :budget
                    ON CONFLICT (budget_id, window_start, alert) DO NOTHING
                    """,
                arguments: [
                    "budget": check.budget.id.text, "start": check.window.start.microseconds, "alert": alert.name,
                    "now": now.microseconds,
                ]
            )
            guard db.changesCount > 0 else { continue }
            raised.append(alert)
            try raise(.budget(check, alert, recipients: try recipients(check, alert, db), at: now), db)
        }
        return raised
    }

    /// Who asked to be told of an amount, each once.
    private static func recipients(
        _ check: AlertCheck, _ alert: AlertRule.Alert, _ db: Database
    ) throws -> [String] {
        guard case .amount(let amount) = alert else { return [] }
        let wanted = try SpendAlertStore.alerts(db, of: check.budget.id).filter { $0.amount == amount }
        return Set(wanted.flatMap(\.recipients)).sorted()
    }

    /// The body that is signed and sent, the same for every attempt.
    public static func body(_ event: AlertEvent) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let message = Message(
            id: event.id.text, type: event.type, timestamp: event.at.rfc3339, data: event.fields)
        return String(decoding: try encoder.encode(message), as: UTF8.self)
    }
}
