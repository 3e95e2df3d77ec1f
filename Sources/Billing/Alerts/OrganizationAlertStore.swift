import Foundation
public import GRDB
public import Tenancy

/// The rows of alerts over all tenants, inside the caller's transaction.
public enum OrganizationAlertStore {
    /// What a month had cost all tenants when it was looked at, and the alerts that it reached and nobody raised yet.
    struct Look: Sendable {
        let month: BillingPeriod
        let posted: Money
        let reached: [OrganizationAlert]
    }

    /// All alerts, in order of their ids.
    public static func alerts(_ db: Database) throws -> [OrganizationAlert] {
        try rows(db).map { row in
            guard let recipients = SpendAlertStore.recipients(row) else {
                throw BillingError.damaged("organization_alerts, \(row["id"] as String)")
            }
            return alert(row, for: recipients)
        }
    }

    private static func rows(_ db: Database) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: "SELECT * FROM organization_alerts ORDER BY id"))
    }

    private static func alert(_ row: Row, for recipients: [String]) -> OrganizationAlert {
        OrganizationAlert(
            id: ID(row["id"]), amount: Money(micro: row["amount_micro"], remainder: row["amount_pico"]),
            recipients: recipients, subjectPrefix: row["subject_prefix"],
            createdAt: Timestamp(microseconds: row["created_at"]))
    }

    /// Stores a new alert, or a changed one in its place.
    public static func put(_ alert: OrganizationAlert, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO organization_alerts (id, amount_micro, amount_pico, recipients, subject_prefix, created_at)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET amount_micro = excluded.amount_micro,
                    amount_pico = excluded.amount_pico, recipients = excluded.recipients,
                    subject_prefix = excluded.subject_prefix
                """,
            arguments: [
                alert.id.text, alert.amount.micro, alert.amount.remainder,
                String(decoding: try JSONEncoder().encode(alert.recipients), as: UTF8.self), alert.subjectPrefix,
                alert.createdAt.microseconds,
            ])
    }

    /// Removes an alert and what is known of it.
    public static func delete(_ id: ID<OrganizationAlert>, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM organization_alerts WHERE id = ?", arguments: [id.text])
    }

    // MARK: Raising

    /// Looks at a month; nil when nothing is to be raised. An alert whose recipients cannot be read names nobody, and
    /// keeps no other from being raised.
    static func look(_ db: Database, _ month: BillingPeriod) throws -> Look? {
        let alerts = try rows(db).map { row in alert(row, for: SpendAlertStore.recipients(row) ?? []) }
        guard !alerts.isEmpty else { return nil }
        let posted = try spend(db, from: month.start, to: month.end)
        let reached = try alerts.filter { alert in
            guard posted >= alert.amount, alert.createdAt < month.end else { return false }
            return try Bool.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT 1 FROM organization_alerts_raised
                        WHERE alert_id = ? AND window_start = ? AND amount = ?
                        """),
                arguments: [alert.id.text, month.start.microseconds, alert.amount.decimal]) == nil
        }
        return reached.isEmpty ? nil : Look(month: month, posted: posted, reached: reached)
    }

    /// Raises what a look found, each alert once a month and amount, and returns what was raised.
    static func raise(_ look: Look, at now: Timestamp, _ db: Database) throws -> [OrganizationAlert] {
        try look.reached.filter { alert in
            // The alert may have been deleted since it was looked at.
            try db.execute(
                sql: """
                    INSERT INTO organization_alerts_raised (alert_id, window_start, amount, raised_at)
                    SELECT id, :start, :amount, :now FROM organization_alerts WHERE id = :alert
                    ON CONFLICT (alert_id, window_start, amount) DO NOTHING
                    """,
                arguments: [
                    "alert": alert.id.text, "start": look.month.start.microseconds, "amount": alert.amount.decimal,
                    "now": now.microseconds,
                ])
            guard db.changesCount > 0 else { return false }
            try AlertStore.raise(.spend(of: look.month, look.posted, alert, at: now), db)
            return true
        }
    }

    /// What all tenants were charged for calls let in within a span.
    private static func spend(_ db: Database, from start: Timestamp, to end: Timestamp) throws -> Money {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT ifnull(SUM(micro), 0) AS micro, ifnull(SUM(pico), 0) AS pico FROM (
                        SELECT cost_micro AS micro, cost_pico AS pico FROM usage_total
                        WHERE tenant_id = '' AND bucket_start >= :start AND bucket_start < :end
                        UNION ALL
                        SELECT cost / 1000000, cost % 1000000 FROM ledger
                        WHERE seq > :folded AND admitted_at >= :start AND admitted_at < :end)
                    """),
            arguments: [
                "start": start.microseconds, "end": end.microseconds, "folded": try UsageFoldStore.folded(db),
            ])
        guard let row else { return .zero }
        let (micro, pico): (Int64, Int64) = (row["micro"], row["pico"])
        return Money(pico: Int128(micro) * 1_000_000 + Int128(pico))
    }
}
