public import GRDB

/// The tables of tenants, keys, quotas and who changed them.
public enum TenancySchema {
    /// Adds this module's migrations, in order.
    public static func register(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("tenancy-1") { database in
            try database.execute(sql: tenants)
            try database.execute(sql: keys)
            try database.execute(sql: quotas)
            try database.execute(sql: audit)
        }
        migrator.registerMigration("tenancy-admin-keys") { database in try database.execute(sql: adminKeys) }
        migrator.registerMigration("tenancy-idempotency") { database in try database.execute(sql: idempotency) }
        migrator.registerMigration("tenancy-audit-chain") { database in
            try database.execute(sql: auditChain)
            try TenancyStore.chainAudit(database)
            try database.execute(sql: auditGuard)
        }
    }

    private static let tenants = """
        CREATE TABLE tenants (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
            time_zone TEXT NOT NULL CHECK (time_zone <> ''),
            tags TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(tags)),
            price_multiplier_ppm INTEGER NOT NULL CHECK (price_multiplier_ppm >= 0),
            on_insufficient TEXT NOT NULL CHECK (on_insufficient IN ('refuse', 'trim')),
            trim_floor INTEGER NOT NULL CHECK (trim_floor >= 1),
            hold_wait_ms INTEGER NOT NULL CHECK (hold_wait_ms >= 0),
            uncertain_release_after_seconds INTEGER CHECK (uncertain_release_after_seconds >= 0),
            suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
            created_at INTEGER NOT NULL,
            archived_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX tenants_active_name ON tenants (name) WHERE archived_at IS NULL;
        CREATE TABLE entitlements (
            tenant_id TEXT NOT NULL REFERENCES tenants (id),
            pool TEXT NOT NULL CHECK (pool <> ''),
            position INTEGER NOT NULL CHECK (position >= 0),
            models TEXT NOT NULL CHECK (json_valid(models)),
            PRIMARY KEY (tenant_id, pool)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX entitlements_pool ON entitlements (pool);
        """

    private static let keys = """
        CREATE TABLE api_keys (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            tenant_id TEXT NOT NULL REFERENCES tenants (id),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            models TEXT CHECK (models IS NULL OR json_valid(models)),
            allowed_ips TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(allowed_ips)),
            tags TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(tags)),
            scope TEXT
        ) STRICT;
        CREATE INDEX api_keys_tenant ON api_keys (tenant_id, id);
        CREATE TABLE key_secrets (
            seq INTEGER PRIMARY KEY,
            public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 10),
            key_id TEXT NOT NULL REFERENCES api_keys (id),
            phc TEXT NOT NULL CHECK (phc GLOB '$argon2id$*'),
            not_after INTEGER
        ) STRICT;
        CREATE INDEX key_secrets_key ON key_secrets (key_id, seq);
        """

    private static let adminKeys = """
        CREATE TABLE admin_keys (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 10),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
            role TEXT NOT NULL CHECK (role IN ('admin', 'finance', 'viewer')),
            phc TEXT NOT NULL CHECK (phc GLOB '$argon2id$*'),
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER
        ) STRICT;
        """

    private static let idempotency = """
        CREATE TABLE idempotency_keys (
            actor TEXT NOT NULL CHECK (actor <> ''),
            key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            status INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
            body TEXT CHECK (body IS NULL OR json_valid(body)),
            created_at INTEGER NOT NULL,
            PRIMARY KEY (actor, key)
        ) STRICT;
        CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
        """

    private static let quotas = """
        CREATE TABLE tenant_quotas (
            tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
            rpm INTEGER CHECK (rpm >= 0),
            tpm INTEGER CHECK (tpm >= 0),
            rpd INTEGER CHECK (rpd >= 0),
            tpd INTEGER CHECK (tpd >= 0),
            concurrency INTEGER CHECK (concurrency >= 0)
        ) STRICT;
        CREATE TABLE key_quotas (
            key_id TEXT NOT NULL PRIMARY KEY REFERENCES api_keys (id),
            rpm INTEGER CHECK (rpm >= 0),
            tpm INTEGER CHECK (tpm >= 0),
            rpd INTEGER CHECK (rpd >= 0),
            tpd INTEGER CHECK (tpd >= 0),
            concurrency INTEGER CHECK (concurrency >= 0)
        ) STRICT;
        """

    /// The guard against changes is lifted while the entries that are there get their hashes.
    private static let auditChain = """
        DROP TRIGGER audit_log_no_update;
        ALTER TABLE audit_log ADD COLUMN hash BLOB NOT NULL DEFAULT x'';
        CREATE INDEX audit_log_actor ON audit_log (actor, seq);
        CREATE INDEX audit_log_action ON audit_log (action, seq);
        CREATE INDEX audit_log_request ON audit_log (request_id);
        CREATE INDEX audit_log_at ON audit_log (at);
        """

    private static let auditGuard = """
        CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        """

    private static let audit = """
        CREATE TABLE audit_log (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (id <> ''),
            at INTEGER NOT NULL,
            actor TEXT NOT NULL CHECK (actor <> ''),
            action TEXT NOT NULL CHECK (action <> ''),
            subject TEXT NOT NULL,
            before TEXT,
            after TEXT,
            request_id TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audit_log_subject ON audit_log (subject, seq);
        CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
            value BLOB NOT NULL
        ) STRICT;
        """
}
