public import GRDB

/// The tables that routing is defined by.
public enum RoutingSchema {
    /// Adds this module's migrations, in order.
    public static func register(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("routing-1") { db in
            try db.execute(sql: pools)
            try db.execute(sql: backends)
            try db.execute(sql: models)
        }
        migrator.registerMigration("routing-cooldowns") { db in
            try db.execute(sql: cooldowns)
        }
        migrator.registerMigration("routing-min-rate") { db in
            try db.execute(sql: minRate)
        }
        migrator.registerMigration("routing-audio-seconds") { db in
            try db.execute(sql: audioSeconds)
        }
        migrator.registerMigration("routing-history") { db in
            try db.execute(sql: removedBackends)
            try db.execute(sql: upstreamNames)
        }
    }

    /// Ledger entries name backends for ever, also those that are not there any more.
    private static let removedBackends = """
        CREATE TABLE removed_backends (
            id TEXT PRIMARY KEY NOT NULL,
            pool TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            base_url TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER backends_removed AFTER DELETE ON backends
        BEGIN
            INSERT INTO removed_backends (id, pool, name, kind, base_url)
            VALUES (OLD.id, OLD.pool, OLD.name, OLD.kind, OLD.base_url) ON CONFLICT (id) DO NOTHING;
        END;
        """

    /// What a pool's backends called a model from an instant on; bills name models so. What was before the first row
    /// of an older database is not known.
    private static let upstreamNames = """
        CREATE TABLE upstream_names (
            model TEXT NOT NULL,
            pool TEXT NOT NULL,
            since INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (model, pool, since)
        ) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO upstream_names (model, pool, since, name)
        SELECT model, pool, CAST(strftime('%s', 'now') AS INTEGER) * 1000000, ifnull(upstream_model, model)
        FROM model_targets ORDER BY model, position;
        """

    private static let cooldowns = """
        CREATE TABLE backend_cooldowns (
            backend_id TEXT PRIMARY KEY REFERENCES backends(id) ON DELETE CASCADE,
            ends_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let pools = """
        CREATE TABLE pools (
            name TEXT PRIMARY KEY CHECK (length(name) > 0),
            policy TEXT NOT NULL CHECK (policy IN ('least_busy', 'weighted', 'round_robin', 'latency')),
            queue_max INTEGER NOT NULL CHECK (queue_max >= 0),
            queue_timeout_ms INTEGER NOT NULL CHECK (queue_timeout_ms >= 0),
            affinity TEXT NOT NULL CHECK (affinity IN ('none', 'key', 'prompt_cache_key'))
        ) STRICT, WITHOUT ROWID;
        """

    private static let backends = """
        CREATE TABLE backends (
            id TEXT PRIMARY KEY,
            pool TEXT NOT NULL REFERENCES pools(name) ON DELETE RESTRICT,
            name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
            kind TEXT NOT NULL CHECK (kind IN ('openai', 'anthropic')),
            base_url TEXT NOT NULL,
            sealed_key BLOB,
            key_version INTEGER NOT NULL CHECK (key_version >= 1),
            weight INTEGER NOT NULL CHECK (weight >= 1),
            max_concurrency INTEGER CHECK (max_concurrency >= 1),
            rpm INTEGER CHECK (rpm >= 1),
            connect_ms INTEGER NOT NULL CHECK (connect_ms > 0),
            first_byte_ms INTEGER NOT NULL CHECK (first_byte_ms > 0),
            idle_ms INTEGER NOT NULL CHECK (idle_ms > 0),
            total_ms INTEGER NOT NULL CHECK (total_ms > 0),
            probe_path TEXT,
            probe_interval_ms INTEGER CHECK (probe_interval_ms > 0),
            probe_unhealthy_after INTEGER CHECK (probe_unhealthy_after >= 1),
            probe_healthy_after INTEGER CHECK (probe_healthy_after >= 1),
            on_disconnect TEXT NOT NULL CHECK (on_disconnect IN ('abort', 'drain')),
            on_unanswered TEXT NOT NULL CHECK (on_unanswered IN ('release', 'charge')),
            draining INTEGER NOT NULL CHECK (draining IN (0, 1))
        ) STRICT;
        CREATE INDEX backends_by_pool ON backends(pool);
        """

    private static let minRate = """
        ALTER TABLE backends ADD COLUMN min_rate INTEGER NOT NULL DEFAULT 0 CHECK (min_rate >= 0);
        """

    private static let audioSeconds = """
        ALTER TABLE models ADD COLUMN audio_seconds_max INTEGER CHECK (audio_seconds_max >= 1);
        """

    private static let models = """
        CREATE TABLE models (
            name TEXT PRIMARY KEY CHECK (length(name) > 0),
            max_output_tokens INTEGER NOT NULL CHECK (max_output_tokens >= 1),
            context_window INTEGER CHECK (context_window >= 1),
            input_overhead_tokens INTEGER NOT NULL CHECK (input_overhead_tokens >= 0),
            part_tokens_max INTEGER CHECK (part_tokens_max >= 1),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE model_targets (
            model TEXT NOT NULL REFERENCES models(name) ON DELETE CASCADE,
            position INTEGER NOT NULL CHECK (position >= 0),
            pool TEXT NOT NULL REFERENCES pools(name) ON DELETE RESTRICT,
            upstream_model TEXT,
            max_tokens_param TEXT NOT NULL CHECK (max_tokens_param IN ('max_tokens', 'max_completion_tokens')),
            PRIMARY KEY (model, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX model_targets_by_pool ON model_targets(pool);
        """
}
