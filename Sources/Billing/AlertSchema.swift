import GRDB

/// The tables of temporary raises and credits.
enum AlertSchema {
    /// Adds the migrations, in order; `BillingSchema` calls it after its own.
    static func register(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("billing-raises") { db in try db.execute(sql: raises) }
        migrator.registerMigration("billing-credits") { db in
            try db.execute(sql: credits)
            for action in ["UPDATE", "DELETE"] {
                try db.execute(
                    sql: """
                        CREATE TRIGGER credits_no_\(action.lowercased()) BEFORE \(action) ON credits
                        BEGIN SELECT RAISE(ABORT, 'credits are append-only'); END
                        """
                )
            }
        }
    }

    private static let raises = """
        CREATE TABLE budget_raises (
            id TEXT PRIMARY KEY NOT NULL,
            budget_id TEXT NOT NULL REFERENCES budgets(id) ON DELETE CASCADE,
            limit_micro INTEGER NOT NULL CHECK (limit_micro >= 0),
            limit_pico INTEGER NOT NULL CHECK (limit_pico BETWEEN 0 AND 999999),
            created_at INTEGER NOT NULL,
            until INTEGER NOT NULL CHECK (until > created_at),
            ended_at INTEGER
        ) STRICT;
        CREATE INDEX budget_raises_budget ON budget_raises (budget_id, id);
        CREATE INDEX budget_raises_running ON budget_raises (until) WHERE ended_at IS NULL;
        """

    private static let credits = """
        CREATE TABLE credits (
            id TEXT PRIMARY KEY NOT NULL,
            tenant_id TEXT NOT NULL REFERENCES tenants(id),
            amount_micro INTEGER NOT NULL CHECK (amount_micro >= 0),
            amount_pico INTEGER NOT NULL CHECK (amount_pico BETWEEN 0 AND 999999),
            kind TEXT NOT NULL CHECK (kind IN ('prepaid', 'goodwill')),
            note TEXT,
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            CHECK (amount_micro > 0 OR amount_pico > 0)
        ) STRICT;
        CREATE INDEX credits_tenant ON credits (tenant_id, id);
        """
}
