public import GRDB
public import Tenancy

/// Keeps the cooldowns that backends asked for; every call runs in the caller's transaction.
public enum CooldownStore {
    /// All that are not over at `instant`.
    public static func cooldowns(_ db: Database, after instant: Timestamp) throws -> [StoredCooldown] {
        try Row.fetchAll(
            db, sql: "SELECT backend_id, ends_at FROM backend_cooldowns WHERE ends_at > ?",
            arguments: [instant.microseconds]
        ).map { StoredCooldown(backend: ID($0["backend_id"]), end: Timestamp(microseconds: $0["ends_at"])) }
    }

    /// Stores a cooldown in place of the backend's last one; one of a backend that is gone is not stored.
    public static func put(_ db: Database, _ cooldown: StoredCooldown) throws {
        try db.execute(
            sql: """
                INSERT INTO backend_cooldowns (backend_id, ends_at)
                SELECT id, ?2 FROM backends WHERE id = ?1
                ON CONFLICT (backend_id) DO UPDATE SET ends_at = excluded.ends_at
                """,
            arguments: [cooldown.backend.text, cooldown.end.microseconds])
    }

    /// Forgets a backend's cooldown.
    public static func remove(_ db: Database, backend: ID<BackendDefinition>) throws {
        try db.execute(sql: "DELETE FROM backend_cooldowns WHERE backend_id = ?", arguments: [backend.text])
    }
}
