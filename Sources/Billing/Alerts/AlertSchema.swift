import GRDB

/// The tables of temporary raises, credits, alerts and webhooks.
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
        migrator.registerMigration("billing-alerts") { db in
            try db.execute(sql: alerts)
            try db.execute(sql: webhooks)
            try db.execute(sql: deliveries)
        }
        migrator.registerMigration("billing-spend-alerts") { db in try db.execute(sql: spendAlerts) }
        migrator.registerMigration("billing-organization-alerts") { db in try db.execute(sql: organizationAlerts) }
    }

    private static let spendAlerts = """
        ALTER TABLE budgets ADD COLUMN alert_amounts TEXT NOT NULL DEFAULT '';
        CREATE TABLE spend_alerts (
            id TEXT PRIMARY KEY NOT NULL,
            tenant_id TEXT NOT NULL REFERENCES tenants(id),
            budget_id TEXT NOT NULL REFERENCES budgets(id) ON DELETE CASCADE,
            made_budget INTEGER NOT NULL CHECK (made_budget IN (0, 1)),
            amount_micro INTEGER NOT NULL CHECK (amount_micro >= 0),
            amount_pico INTEGER NOT NULL CHECK (amount_pico BETWEEN 0 AND 999999),
            recipients TEXT NOT NULL CHECK (json_valid(recipients)),
            subject_prefix TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX spend_alerts_tenant ON spend_alerts (tenant_id, id);
        CREATE INDEX spend_alerts_budget ON spend_alerts (budget_id);
        """

    // An alert whose amount was changed is another one to whoever waits for it, so the amount is part of the key.
    private static let organizationAlerts = """
        CREATE TABLE organization_alerts (
            id TEXT PRIMARY KEY NOT NULL,
            amount_micro INTEGER NOT NULL CHECK (amount_micro >= 0),
            amount_pico INTEGER NOT NULL CHECK (amount_pico BETWEEN 0 AND 999999),
            recipients TEXT NOT NULL CHECK (json_valid(recipients)),
            subject_prefix TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE organization_alerts_raised (
            alert_id TEXT NOT NULL REFERENCES organization_alerts(id) ON DELETE CASCADE,
            window_start INTEGER NOT NULL,
            amount TEXT NOT NULL,
            raised_at INTEGER NOT NULL,
            PRIMARY KEY (alert_id, window_start, amount)
        ) STRICT, WITHOUT ROWID;
        """

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

    // The key is the rule: an alert is raised once per budget, window and threshold, whoever comes first.
    private static let alerts = """
        CREATE TABLE budget_alerts (
            budget_id TEXT NOT NULL REFERENCES budgets(id) ON DELETE CASCADE,
            window_start INTEGER NOT NULL,
            alert TEXT NOT NULL,
            raised_at INTEGER NOT NULL,
            PRIMARY KEY (budget_id, window_start, alert)
        ) STRICT, WITHOUT ROWID;
        """

    private static let webhooks = """
        CREATE TABLE webhooks (
            id TEXT PRIMARY KEY NOT NULL,
            url TEXT NOT NULL,
            events TEXT NOT NULL,
            sealed_secret BLOB NOT NULL,
            key_version INTEGER NOT NULL CHECK (key_version >= 1),
            created_at INTEGER NOT NULL,
            failing_since INTEGER,
            disabled_at INTEGER,
            disabled_reason TEXT,
            dropped INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        """

    private static let deliveries = """
        CREATE TABLE webhook_deliveries (
            id TEXT PRIMARY KEY NOT NULL,
            webhook_id TEXT NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
            message_id TEXT NOT NULL,
            event TEXT NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
            created_at INTEGER NOT NULL,
            next_at INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            last_at INTEGER,
            status INTEGER,
            error TEXT,
            milliseconds INTEGER,
            UNIQUE (webhook_id, message_id),
            CHECK ((state = 'pending') = (next_at IS NOT NULL))
        ) STRICT;
        CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE state = 'pending';
        CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, id);
        CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);
        """
}
