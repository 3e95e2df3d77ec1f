import GRDB
import Tenancy

/// The marks that keep an alert from being raised twice in a window: of no use once the window is long over.
enum AlertMarksStore {
    /// The longest window that ends.
    private static let windowMS: Int64 = 31 * 86_400_000

    /// Marks of both kinds; a total's window, from the epoch on, never ends.
    private static let tables = [
        ("budget_alerts", "budget_id, window_start, alert"),
        ("organization_alerts_raised", "alert_id, window_start, amount"),
    ]

    /// Marks an alert of a budget in another window as it is in this one, if it is.
    static func copy(
        _ alert: AlertRule.Alert, of budget: ID<Budget>, from old: Timestamp, to new: Timestamp, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO budget_alerts (budget_id, window_start, alert, raised_at)
                SELECT budget_id, :new, alert, raised_at FROM budget_alerts
                WHERE budget_id = :budget AND window_start = :old AND alert = :alert
                ON CONFLICT (budget_id, window_start, alert) DO NOTHING
                """,
            arguments: [
                "new": new.microseconds, "budget": budget.text, "old": old.microseconds, "alert": alert.name,
            ])
    }

    /// Whether there are marks of windows that ended so many milliseconds ago.
    static func isPrunable(_ db: Database, at now: Timestamp, keptMS: Int64) throws -> Bool {
        let start = latestStart(now, keptMS)
        return try tables.contains { table, _ in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE window_start > 0 AND window_start < ?)",
                arguments: [start]) ?? false
        }
    }

    /// Removes up to `limit` of each kind.
    static func prune(_ db: Database, at now: Timestamp, keptMS: Int64, limit: Int) throws {
        let start = latestStart(now, keptMS)
        for (table, key) in tables {
            try db.execute(
                sql: """
                    DELETE FROM \(table) WHERE (\(key)) IN (
                        SELECT \(key) FROM \(table) WHERE window_start > 0 AND window_start < ? LIMIT ?)
                    """,
                arguments: [start, limit])
        }
    }

    private static func latestStart(_ now: Timestamp, _ keptMS: Int64) -> Int64 {
        now.adding(milliseconds: -keptMS).adding(milliseconds: -windowMS).microseconds
    }
}
