import Foundation
public import GRDB
public import Tenancy

/// The rows of spend alerts, inside the caller's transaction.
public enum SpendAlertStore {
    /// The alerts of a tenant, in order of their ids.
    public static func alerts(_ db: Database, tenant: ID<Tenant>) throws -> [SpendAlert] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM spend_alerts WHERE tenant_id = ? ORDER BY id"),
            arguments: [tenant.text]
        ).map(alert)
    }

    /// Those that are to be raised: one whose recipients cannot be read names nobody, and keeps no other from being
    /// raised.
    static func alerts(_ db: Database, of budget: ID<Budget>) throws -> [SpendAlert] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM spend_alerts WHERE budget_id = ? ORDER BY id"),
            arguments: [budget.text]
        ).map { row in made(row, for: recipients(row) ?? []) }
    }

    /// Stores a new alert, or a changed one in its place.
    public static func put(_ alert: SpendAlert, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO spend_alerts (id, tenant_id, budget_id, made_budget, amount_micro, amount_pico, recipients,
                    subject_prefix, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET amount_micro = excluded.amount_micro,
                    amount_pico = excluded.amount_pico, recipients = excluded.recipients,
                    subject_prefix = excluded.subject_prefix
                """,
            arguments: [
                alert.id.text, alert.tenantID.text, alert.budgetID.text, alert.madeBudget, alert.amount.micro,
                alert.amount.remainder, String(decoding: try JSONEncoder().encode(alert.recipients), as: UTF8.self),
                alert.subjectPrefix, alert.createdAt.microseconds,
            ])
    }

    /// Removes an alert.
    public static func delete(_ id: ID<SpendAlert>, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM spend_alerts WHERE id = ?", arguments: [id.text])
    }

    /// Makes a budget one that alerts do not own: it keeps its limit, and stays without them.
    public static func leaveBudget(_ id: ID<Budget>, _ db: Database) throws {
        try db.execute(sql: "UPDATE spend_alerts SET made_budget = 0 WHERE budget_id = ?", arguments: [id.text])
    }

    /// Whom an alert's row names; nil if that cannot be read.
    static func recipients(_ row: Row) -> [String]? {
        let text: String = row["recipients"]
        return try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }

    private static func alert(_ row: Row) throws -> SpendAlert {
        guard let recipients = recipients(row) else {
            throw BillingError.damaged("spend_alerts, \(row["id"] as String)")
        }
        return made(row, for: recipients)
    }

    private static func made(_ row: Row, for recipients: [String]) -> SpendAlert {
        SpendAlert(
            id: ID(row["id"]), tenantID: ID(row["tenant_id"]), budgetID: ID(row["budget_id"]),
            madeBudget: row["made_budget"],
            amount: Money(micro: row["amount_micro"], remainder: row["amount_pico"]),
            recipients: recipients,
            subjectPrefix: row["subject_prefix"], createdAt: Timestamp(microseconds: row["created_at"]))
    }
}
