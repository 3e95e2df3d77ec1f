import GRDB

/// The tables of months that are closing or closed, and of corrections to them.
enum PeriodSchema {
    /// Adds the migrations, in order; `BillingSchema` calls it after its own.
    static func register(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("billing-periods") { db in
            for statement in [periods, facts, corrections, indexes, guards] { try db.execute(sql: statement) }
        }
        migrator.registerMigration("billing-imports") { db in
            for statement in [priceImports, reconciliations] { try db.execute(sql: statement) }
        }
        migrator.registerMigration("billing-closed-months") { db in
            for statement in [factGuards, creditGuards] { try db.execute(sql: statement) }
        }
        migrator.registerMigration("billing-export-manifests") { db in try db.execute(sql: exportManifests) }
    }

    // A month nobody asked to close has no row. The row of a closed one is what every guard below reads.
    private static let periods = """
        CREATE TABLE periods (
            period TEXT PRIMARY KEY NOT NULL CHECK (period GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'),
            status TEXT NOT NULL CHECK (status IN ('closing', 'closed')),
            requested_at INTEGER NOT NULL,
            requested_by TEXT NOT NULL,
            due_at INTEGER NOT NULL,
            number INTEGER UNIQUE CHECK (number >= 1),
            closed_at INTEGER,
            format_version INTEGER,
            software_version TEXT,
            entries INTEGER CHECK (entries >= 0),
            last_seq INTEGER CHECK (last_seq >= 0),
            cost_micro INTEGER,
            cost_pico INTEGER CHECK (cost_pico BETWEEN -999999 AND 999999),
            chain_head TEXT CHECK (length(chain_head) = 64),
            facts_sha256 TEXT CHECK (length(facts_sha256) = 64),
            manifest_sha256 TEXT CHECK (length(manifest_sha256) = 64),
            previous_manifest_sha256 TEXT CHECK (length(previous_manifest_sha256) = 64),
            CHECK (status = 'closing' OR (number IS NOT NULL AND closed_at IS NOT NULL AND format_version IS NOT NULL
                AND software_version IS NOT NULL AND entries IS NOT NULL AND last_seq IS NOT NULL
                AND cost_micro IS NOT NULL AND cost_pico IS NOT NULL AND chain_head IS NOT NULL
                AND facts_sha256 IS NOT NULL AND manifest_sha256 IS NOT NULL)),
            CHECK (status = 'closed' OR number IS NULL)
        ) STRICT, WITHOUT ROWID;
        """

    private static let facts = """
        CREATE TABLE period_facts (
            period TEXT NOT NULL REFERENCES periods(period),
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            body TEXT NOT NULL CHECK (json_valid(body)),
            PRIMARY KEY (period, kind, id)
        ) STRICT, WITHOUT ROWID;
        """

    private static let corrections = """
        CREATE TABLE corrections (
            id TEXT PRIMARY KEY NOT NULL,
            corrects_period TEXT NOT NULL REFERENCES periods(period),
            tenant_id TEXT NOT NULL REFERENCES tenants(id),
            key_id TEXT REFERENCES api_keys(id),
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            amount INTEGER NOT NULL CHECK (amount != 0),
            reason TEXT NOT NULL CHECK (reason != ''),
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL
        ) STRICT;
        CREATE INDEX corrections_period ON corrections (corrects_period, id);
        """

    private static let priceImports = """
        CREATE TABLE price_imports (
            id TEXT PRIMARY KEY NOT NULL,
            format TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            kind TEXT NOT NULL CHECK (kind IN ('tenant', 'upstream')),
            effective_from INTEGER NOT NULL,
            published INTEGER NOT NULL CHECK (published >= 0),
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL
        ) STRICT;
        CREATE TRIGGER price_imports_no_update BEFORE UPDATE ON price_imports
        BEGIN SELECT RAISE(ABORT, 'imports are append-only'); END;
        CREATE TRIGGER price_imports_no_delete BEFORE DELETE ON price_imports
        BEGIN SELECT RAISE(ABORT, 'imports are append-only'); END;
        """

    private static let reconciliations = """
        CREATE TABLE reconciliations (
            id TEXT PRIMARY KEY NOT NULL,
            provider TEXT NOT NULL,
            backend_id TEXT,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            lines TEXT NOT NULL CHECK (json_valid(lines))
        ) STRICT;
        CREATE TRIGGER reconciliations_no_update BEFORE UPDATE ON reconciliations
        BEGIN SELECT RAISE(ABORT, 'reconciliations are append-only'); END;
        CREATE TRIGGER reconciliations_no_delete BEFORE DELETE ON reconciliations
        BEGIN SELECT RAISE(ABORT, 'reconciliations are append-only'); END;
        """

    // Facts are written in parts while their month is closing; one that failed is written again.
    private static let factGuards = ["UPDATE", "DELETE"].map { action in
        """
        DROP TRIGGER period_facts_no_\(action.lowercased());
        CREATE TRIGGER period_facts_no_\(action.lowercased()) BEFORE \(action) ON period_facts
        WHEN EXISTS (SELECT 1 FROM periods WHERE period = OLD.period AND status = 'closed')
        BEGIN SELECT RAISE(ABORT, 'the facts of a period are frozen'); END;
        """
    }.joined()

    private static let creditGuards = """
        CREATE INDEX credits_created ON credits (created_at);
        CREATE TRIGGER credits_closed BEFORE INSERT ON credits
        WHEN EXISTS (
            SELECT 1 FROM periods
            WHERE period = strftime('%Y-%m', NEW.created_at / 1000000, 'unixepoch') AND status = 'closed')
        BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
        """

    // Each closed month's manifest is made once and hashed, so that the next one can name it.
    private static let exportManifests = """
        CREATE TABLE export_manifests (
            period TEXT PRIMARY KEY NOT NULL REFERENCES periods(period),
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER export_manifests_no_insert BEFORE INSERT ON export_manifests
        WHEN NOT EXISTS (SELECT 1 FROM periods WHERE period = NEW.period AND status = 'closed')
            OR EXISTS (SELECT 1 FROM export_manifests WHERE period = NEW.period)
        BEGIN SELECT RAISE(ABORT, 'a closed month has one manifest'); END;
        CREATE TRIGGER export_manifests_no_update BEFORE UPDATE ON export_manifests
        BEGIN SELECT RAISE(ABORT, 'manifests are append-only'); END;
        CREATE TRIGGER export_manifests_no_delete BEFORE DELETE ON export_manifests
        BEGIN SELECT RAISE(ABORT, 'manifests are append-only'); END;
        """

    // A month's entries lie side by side in time, so the first is written at its end, as the ledger itself is.
    private static let indexes = """
        CREATE INDEX ledger_period ON ledger (period);
        CREATE INDEX ledger_corrections ON ledger (corrects_period) WHERE corrects_period IS NOT NULL;
        """

    // Inserting is guarded too. That a REPLACE fires the delete triggers is a setting of `DatabaseFile`'s connections.
    private static let guards = """
        CREATE TRIGGER ledger_closed BEFORE INSERT ON ledger
        WHEN EXISTS (SELECT 1 FROM periods WHERE period = NEW.period AND status = 'closed')
        BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
        CREATE TRIGGER periods_no_insert BEFORE INSERT ON periods
        WHEN NEW.status != 'closing' OR EXISTS (SELECT 1 FROM periods WHERE period = NEW.period AND status = 'closed')
        BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
        CREATE TRIGGER periods_no_update BEFORE UPDATE ON periods
        WHEN OLD.status = 'closed' OR NEW.period != OLD.period
        BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
        CREATE TRIGGER periods_no_delete BEFORE DELETE ON periods
        BEGIN SELECT RAISE(ABORT, 'periods are not deleted'); END;
        CREATE TRIGGER period_facts_closed BEFORE INSERT ON period_facts
        WHEN EXISTS (SELECT 1 FROM periods WHERE period = NEW.period AND status = 'closed')
        BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
        CREATE TRIGGER period_facts_no_update BEFORE UPDATE ON period_facts
        BEGIN SELECT RAISE(ABORT, 'the facts of a period are frozen'); END;
        CREATE TRIGGER period_facts_no_delete BEFORE DELETE ON period_facts
        BEGIN SELECT RAISE(ABORT, 'the facts of a period are frozen'); END;
        CREATE TRIGGER corrections_no_update BEFORE UPDATE ON corrections
        BEGIN SELECT RAISE(ABORT, 'corrections are append-only'); END;
        CREATE TRIGGER corrections_no_delete BEFORE DELETE ON corrections
        BEGIN SELECT RAISE(ABORT, 'corrections are append-only'); END;
        """
}
