public import GRDB
public import Tenancy

/// The rows of temporary raises. None is ever removed before its budget.
public enum BudgetRaiseStore {
    /// One raise of a budget.
    public static func raise(_ db: Database, _ id: ID<BudgetRaise>, budget: ID<Budget>) throws -> BudgetRaise? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM budget_raises WHERE id = ? AND budget_id = ?", arguments: [id.text, budget.text]
        ).map(raise)
    }

    /// A page of a budget's raises in order of their ids.
    public static func raises(
        _ db: Database,
        budget: ID<Budget>,
        after: String?,
        limit: Int
    ) throws -> [BudgetRaise] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM budget_raises WHERE budget_id = ? AND id > ? ORDER BY id LIMIT ?",
            arguments: [budget.text, after ?? "", limit]
        ).map(raise)
    }

    /// The raises that run at an instant, of one budget or of all.
    public static func running(_ db: Database, budget: ID<Budget>? = nil, at now: Timestamp) throws -> [BudgetRaise] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM budget_raises
                WHERE ended_at IS NULL AND until > :now AND (:budget IS NULL OR budget_id = :budget) ORDER BY id
                """,
            arguments: ["now": now.microseconds, "budget": budget?.text]
        ).map(raise)
    }

    static func insert(_ raise: BudgetRaise, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO budget_raises (id, budget_id, limit_micro, limit_pico, created_at, until)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                raise.id.text, raise.budgetID.text, raise.limit.micro, raise.limit.remainder,
                raise.createdAt.microseconds, raise.until.microseconds,
            ]
        )
    }

    /// Ends a raise before its time. Throws `BillingError.notFound` when the budget has no such raise that runs.
    static func end(_ id: ID<BudgetRaise>, of budget: ID<Budget>, at now: Timestamp, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE budget_raises SET ended_at = :now
                WHERE id = :id AND budget_id = :budget AND ended_at IS NULL AND until > :now
                """,
            arguments: ["now": now.microseconds, "id": id.text, "budget": budget.text]
        )
        if db.changesCount == 0 { throw BillingError.notFound }
    }

    private static func raise(_ row: Row) -> BudgetRaise {
        BudgetRaise(
            id: ID(row["id"]), budgetID: ID(row["budget_id"]),
            limit: Money(storedMicro: row["limit_micro"], remainder: row["limit_pico"]) ?? .zero,
            createdAt: Timestamp(microseconds: row["created_at"]), until: Timestamp(microseconds: row["until"]),
            endedAt: (row["ended_at"] as Int64?).map { Timestamp(microseconds: $0) }
        )
    }
}
