public import GRDB

/// The tables of budgets, prices, holds, the ledger and its sums.
public enum BillingSchema {
    /// Adds this module's migrations; those of Tenancy come first, budgets refer to tenants and keys.
    public static func register(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("billing-1") { db in
            for statement in [budgets, budgetIdentity, prices, priceIdentity] { try db.execute(sql: statement) }
            for statement in [holds, ledger, accounts] { try db.execute(sql: statement) }
            for span in ["quarter", "day"] { try db.execute(sql: usage("usage_" + span)) }
            for table in ["ledger", "prices"] {
                for action in ["UPDATE", "DELETE"] { try db.execute(sql: guardTrigger(table, against: action)) }
            }
        }
        migrator.registerMigration("billing-emergency") { db in try db.execute(sql: emergency) }
        migrator.registerMigration("billing-price-sheet") { db in
            for column in sheetColumns { try db.execute(sql: "ALTER TABLE prices ADD COLUMN \(column)") }
            try db.execute(sql: "DROP INDEX prices_identity")
            try db.execute(sql: sheetIdentity)
        }
        migrator.registerMigration("billing-other-meters") { db in
            for span in ["quarter", "day"] { try db.execute(sql: otherMeters("usage_\(span)_meters")) }
        }
        AlertSchema.register(&migrator)
        migrator.registerMigration("billing-usage-by-time") { db in
            for span in ["quarter", "day"] {
                for table in ["usage_\(span)", "usage_\(span)_meters"] { try db.execute(sql: usageByTime(table)) }
            }
        }
        migrator.registerMigration("billing-usage-total") { db in
            try db.execute(sql: usage("usage_total"))
            try db.execute(sql: otherMeters("usage_total_meters"))
            try db.execute(sql: fillUsageTotal)
        }
        PeriodSchema.register(&migrator)
        migrator.registerMigration("billing-tenant-prices") { db in
            try db.execute(sql: agreedWith)
            try db.execute(sql: "DROP INDEX prices_identity")
            try db.execute(sql: tenantIdentity)
        }
        migrator.registerMigration("billing-import-parts") { db in try db.execute(sql: importParts) }
        migrator.registerMigration("billing-usage-folds") { db in
            try db.execute(sql: usage("usage_month"))
            try db.execute(sql: otherMeters("usage_month_meters"))
            for table in ["usage_month", "usage_month_meters"] { try db.execute(sql: usageByTime(table)) }
            try db.execute(sql: usageFolds)
        }
    }

    /// Meters without a column in a roll-up: few calls use them, so they cost the others nothing.
    private static func otherMeters(_ table: String) -> String {
        """
        CREATE TABLE \(table) (
            bucket_start INTEGER NOT NULL,
            tenant_id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            backend_id TEXT NOT NULL,
            meter TEXT NOT NULL,
            units INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, bucket_start, key_id, model, pool, backend_id, meter)
        ) STRICT, WITHOUT ROWID
        """
    }

    /// Long context, further meters, and whether `input` and `output` are prices or stand for none.
    private static let sheetColumns =
        ["above_tokens INTEGER CHECK (above_tokens > 0)"]
        + ["input_audio", "input_image", "output_audio", "image", "second", "character", "request", "search"].map {
            "\($0) INTEGER CHECK (\($0) >= 0)"
        } + ["prices_tokens INTEGER NOT NULL DEFAULT 1 CHECK (prices_tokens = 0 OR prices_tokens = 1)"]

    private static let sheetIdentity = """
        CREATE UNIQUE INDEX prices_identity ON prices (
            model, kind, ifnull(backend_id, ''), ifnull(tier, ''), ifnull(above_tokens, 0), effective_from
        )
        """

    private static let agreedWith = """
        ALTER TABLE prices ADD COLUMN tenant_id TEXT REFERENCES tenants(id)
            CHECK (tenant_id IS NULL OR (kind = 'tenant' AND backend_id IS NULL))
        """

    private static let tenantIdentity = """
        CREATE UNIQUE INDEX prices_identity ON prices (
            model, kind, ifnull(backend_id, ''), ifnull(tenant_id, ''), ifnull(tier, ''), ifnull(above_tokens, 0),
            effective_from
        )
        """

    /// What each transaction of an import published. Imports made before there were parts have none and are complete.
    private static let importParts = """
        ALTER TABLE price_imports ADD COLUMN wish TEXT;
        CREATE TABLE price_import_parts (
            import_id TEXT NOT NULL REFERENCES price_imports(id),
            part INTEGER NOT NULL CHECK (part >= 1),
            published INTEGER NOT NULL CHECK (published >= 0),
            is_last INTEGER NOT NULL CHECK (is_last IN (0, 1)),
            PRIMARY KEY (import_id, part)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER price_import_parts_no_update BEFORE UPDATE ON price_import_parts
        BEGIN SELECT RAISE(ABORT, 'imports are append-only'); END;
        CREATE TRIGGER price_import_parts_no_delete BEFORE DELETE ON price_import_parts
        BEGIN SELECT RAISE(ABORT, 'imports are append-only'); END;
        """

    private static let emergency = """
        ALTER TABLE ledger ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0 CHECK (emergency = 0 OR emergency = 1)
        """

    private static let budgets = """
        CREATE TABLE budgets (
            id TEXT PRIMARY KEY NOT NULL,
            tenant_id TEXT NOT NULL REFERENCES tenants(id),
            key_id TEXT REFERENCES api_keys(id),
            model TEXT,
            pool TEXT,
            limit_micro INTEGER NOT NULL CHECK (limit_micro >= 0),
            limit_pico INTEGER NOT NULL CHECK (limit_pico BETWEEN 0 AND 999999),
            window TEXT NOT NULL CHECK (window IN ('day', 'week', 'month', 'total')),
            mode TEXT NOT NULL CHECK (mode IN ('hard', 'soft', 'shadow')),
            alerts_at TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT
        """

    private static let budgetIdentity = """
        CREATE UNIQUE INDEX budgets_identity ON budgets (
            tenant_id, ifnull(key_id, ''), ifnull(model, ''), ifnull(pool, ''), window, mode
        )
        """

    private static let prices = """
        CREATE TABLE prices (
            id TEXT PRIMARY KEY NOT NULL,
            model TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('tenant', 'upstream')),
            backend_id TEXT,
            tier TEXT,
            effective_from INTEGER NOT NULL,
            published_at INTEGER NOT NULL,
            input INTEGER NOT NULL CHECK (input >= 0),
            output INTEGER NOT NULL CHECK (output >= 0),
            input_cache_read INTEGER CHECK (input_cache_read >= 0),
            input_cache_write_5m INTEGER CHECK (input_cache_write_5m >= 0),
            input_cache_write_1h INTEGER CHECK (input_cache_write_1h >= 0),
            output_reasoning INTEGER CHECK (output_reasoning >= 0)
        ) STRICT
        """

    private static let priceIdentity = """
        CREATE UNIQUE INDEX prices_identity ON prices (
            model, kind, ifnull(backend_id, ''), ifnull(tier, ''), effective_from
        )
        """

    private static let holds = """
        CREATE TABLE holds (
            request_id TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            tenant_id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            backend_id TEXT NOT NULL,
            amount INTEGER NOT NULL CHECK (amount >= 0),
            admitted_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('live', 'uncertain')),
            price_version TEXT,
            multiplier_ppm INTEGER NOT NULL,
            PRIMARY KEY (request_id, attempt)
        ) STRICT, WITHOUT ROWID
        """

    // Chains of OR, because SQLite makes a temporary table for every row that it looks up in a list of more than two.
    private static let ledger = """
        CREATE TABLE ledger (
            seq INTEGER PRIMARY KEY,
            node_id TEXT NOT NULL,
            node_seq INTEGER NOT NULL,
            request_id TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (
                kind = 'settle' OR kind = 'release' OR kind = 'excess' OR kind = 'resolve' OR kind = 'correction'
            ),
            tenant_id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            backend_id TEXT NOT NULL,
            admitted_at INTEGER NOT NULL,
            ended_at INTEGER NOT NULL,
            period TEXT NOT NULL,
            price_version TEXT,
            multiplier_ppm INTEGER NOT NULL,
            list_cost INTEGER NOT NULL,
            cost INTEGER NOT NULL CHECK (cost >= 0 OR kind = 'correction'),
            upstream_cost INTEGER,
            input INTEGER NOT NULL,
            input_cache_read INTEGER NOT NULL,
            input_cache_write_5m INTEGER NOT NULL,
            input_cache_write_1h INTEGER NOT NULL,
            output INTEGER NOT NULL,
            output_reasoning INTEGER NOT NULL,
            other_meters TEXT,
            provenance TEXT NOT NULL CHECK (
                provenance = 'reported' OR provenance = 'none' OR provenance = 'estimated' OR provenance = 'partial'
            ),
            outcome TEXT NOT NULL,
            status INTEGER NOT NULL,
            stream INTEGER NOT NULL CHECK (stream IN (0, 1)),
            corrects_period TEXT,
            UNIQUE (request_id, attempt, kind)
        ) STRICT
        """

    private static let accounts = """
        CREATE TABLE accounts (
            budget_id TEXT NOT NULL REFERENCES budgets(id) ON DELETE CASCADE,
            window_start INTEGER NOT NULL,
            posted_micro INTEGER NOT NULL,
            posted_pico INTEGER NOT NULL CHECK (posted_pico BETWEEN -999999 AND 999999),
            would_refuse INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (budget_id, window_start)
        ) STRICT, WITHOUT ROWID
        """

    private static func usage(_ table: String) -> String {
        """
        CREATE TABLE \(table) (
            bucket_start INTEGER NOT NULL,
            tenant_id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            backend_id TEXT NOT NULL,
            requests INTEGER NOT NULL,
            input INTEGER NOT NULL,
            input_cache_read INTEGER NOT NULL,
            input_cache_write_5m INTEGER NOT NULL,
            input_cache_write_1h INTEGER NOT NULL,
            output INTEGER NOT NULL,
            output_reasoning INTEGER NOT NULL,
            cost_micro INTEGER NOT NULL,
            cost_pico INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, bucket_start, key_id, model, pool, backend_id)
        ) STRICT, WITHOUT ROWID
        """
    }

    /// For questions over all tenants; a row is added to it when one is added to the roll-up, not when sums grow.
    private static func usageByTime(_ table: String) -> String {
        "CREATE INDEX \(table)_by_time ON \(table) (bucket_start)"
    }

    /// The sums over all tenants and keys, which have no name there, of what was used before there were any.
    private static let fillUsageTotal = """
        INSERT INTO usage_total
        SELECT bucket_start, '', '', model, pool, backend_id, SUM(requests), SUM(input), SUM(input_cache_read),
            SUM(input_cache_write_5m), SUM(input_cache_write_1h), SUM(output), SUM(output_reasoning),
            SUM(cost_micro) + SUM(cost_pico) / 1000000, SUM(cost_pico) % 1000000
        FROM usage_quarter GROUP BY bucket_start, model, pool, backend_id;
        INSERT INTO usage_total_meters
        SELECT bucket_start, '', '', model, pool, backend_id, meter, SUM(units)
        FROM usage_quarter_meters GROUP BY bucket_start, model, pool, backend_id, meter;
        """

    /// Roll-ups behind the ledger, and the entry up to which they are; those there were begin anew from the first.
    private static let usageFolds = """
        CREATE TABLE usage_total_costs (
            bucket_start INTEGER NOT NULL,
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            backend_id TEXT NOT NULL,
            meter TEXT NOT NULL,
            requests INTEGER NOT NULL,
            units INTEGER NOT NULL,
            cost_micro INTEGER NOT NULL,
            cost_pico INTEGER NOT NULL,
            PRIMARY KEY (bucket_start, model, pool, backend_id, meter)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE usage_folded (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            seq INTEGER NOT NULL CHECK (seq >= 0)
        ) STRICT;
        INSERT INTO usage_folded (id, seq) VALUES (1, 0);
        DELETE FROM usage_total;
        DELETE FROM usage_total_meters;
        """

    private static func guardTrigger(_ table: String, against action: String) -> String {
        """
        CREATE TRIGGER \(table)_no_\(action.lowercased()) BEFORE \(action) ON \(table)
        BEGIN SELECT RAISE(ABORT, '\(table) is append-only'); END
        """
    }
}
