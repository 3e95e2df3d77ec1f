public import GRDB
public import Tenancy

/// What routing was: names that ledger entries and bills go on having.
public enum RoutingHistoryStore {
    /// Keeps what each pool's backends call a model from this instant on; in the transaction that stores the model.
    public static func note(_ db: Database, _ model: ModelDefinition, at now: Timestamp) throws {
        var noted: Set<String> = []
        // Of several targets in one pool the first is what the ledger's pool stands for.
        for target in model.targets where noted.insert(target.pool).inserted {
            try db.execute(
                sql: """
                    INSERT INTO upstream_names (model, pool, since, name)
                    SELECT :model, :pool, :since, :name WHERE :name IS NOT (
                        SELECT name FROM upstream_names WHERE model = :model AND pool = :pool
                        ORDER BY since DESC LIMIT 1)
                    ON CONFLICT (model, pool, since) DO UPDATE SET name = excluded.name
                    """,
                arguments: [
                    "model": model.name, "pool": target.pool, "since": now.microseconds,
                    "name": target.upstreamModel ?? model.name,
                ])
        }
    }
}
