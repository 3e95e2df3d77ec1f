public import GRDB
public import Tenancy

/// Reads and changes pools, backends and models; every call runs in the caller's transaction.
public enum RoutingStore {
    /// All definitions as of this transaction.
    public static func snapshot(_ db: Database) throws -> RoutingSnapshot {
        RoutingSnapshot(
            pools: try Row.fetchAll(db, sql: "SELECT * FROM pools ORDER BY name").map(pool),
            backends: try Row.fetchAll(db, sql: "SELECT * FROM backends ORDER BY id").map(backend),
            models: try models(db)
        )
    }

    /// The pool of that name; nil if there is none.
    public static func pool(_ db: Database, name: String) throws -> PoolDefinition? {
        try Row.fetchOne(db, sql: "SELECT * FROM pools WHERE name = ?", arguments: [name]).map(pool)
    }

    /// Adds a pool. Throws `nameTaken`.
    public static func insert(_ db: Database, _ pool: PoolDefinition) throws {
        try refusing(.nameTaken) {
            try db.execute(
                sql: "INSERT INTO pools (name, policy, queue_max, queue_timeout_ms, affinity) VALUES (?, ?, ?, ?, ?)",
                arguments: [pool.name, pool.policy.rawValue, pool.queueMax, pool.queueTimeoutMS, pool.affinity]
            )
        }
    }

    /// Replaces a pool's settings. Throws `notFound`.
    public static func update(_ db: Database, _ pool: PoolDefinition) throws {
        try db.execute(
            sql: "UPDATE pools SET policy = ?, queue_max = ?, queue_timeout_ms = ?, affinity = ? WHERE name = ?",
            arguments: [pool.policy.rawValue, pool.queueMax, pool.queueTimeoutMS, pool.affinity, pool.name]
        )
        try requireOne(db)
    }

    /// Removes a pool. Throws `notFound`, and `inUse` while a backend or a model's target names it.
    public static func deletePool(_ db: Database, name: String) throws {
        try refusing(.inUse) {
            try db.execute(sql: "DELETE FROM pools WHERE name = ?", arguments: [name])
        }
        try requireOne(db)
    }

    /// The backend of that id; nil if there is none.
    public static func backend(_ db: Database, id: ID<BackendDefinition>) throws -> BackendDefinition? {
        try Row.fetchOne(db, sql: "SELECT * FROM backends WHERE id = ?", arguments: [id.text]).map(backend)
    }

    /// Adds a backend. Throws `nameTaken`, and `unknownPool` if its pool does not exist.
    public static func insert(_ db: Database, _ backend: BackendDefinition) throws {
        guard try pool(db, name: backend.pool) != nil else { throw RoutingError.unknownPool(backend.pool) }
        let marks = backendColumns.map { ":" + $0 }.joined(separator: ", ")
        let names = backendColumns.joined(separator: ", ")
        try refusing(.nameTaken) {
            try db.execute(
                sql: "INSERT INTO backends (\(names)) VALUES (\(marks))", arguments: arguments(backend))
        }
    }

    /// Replaces a backend's settings; id and pool stay. Throws `notFound` and `nameTaken`.
    public static func update(_ db: Database, _ backend: BackendDefinition) throws {
        let settings = backendColumns.map { "\($0) = :\($0)" }.joined(separator: ", ")
        try refusing(.nameTaken) {
            try db.execute(
                sql: "UPDATE backends SET \(settings) WHERE id = :id AND pool = :pool", arguments: arguments(backend))
        }
        try requireOne(db)
    }

    /// Removes a backend. Throws `notFound`.
    public static func deleteBackend(_ db: Database, id: ID<BackendDefinition>) throws {
        try db.execute(sql: "DELETE FROM backends WHERE id = ?", arguments: [id.text])
        try requireOne(db)
    }

    /// The model of that name; nil if there is none.
    public static func model(_ db: Database, name: String) throws -> ModelDefinition? {
        try models(db, only: name).first
    }

    /// The first of the names that is neither a model nor `*`; nil if all are known.
    public static func unknownModel(_ db: Database, among names: [String]) throws -> String? {
        try names.first { name in
            guard name != "*" else { return false }
            return try String.fetchOne(db, sql: "SELECT name FROM models WHERE name = ?", arguments: [name]) == nil
        }
    }

    /// Adds a model or replaces its settings and targets; `createdAt` of an existing one stays. Throws `unknownPool`.
    public static func put(_ db: Database, _ model: ModelDefinition) throws {
        for target in model.targets where try pool(db, name: target.pool) == nil {
            throw RoutingError.unknownPool(target.pool)
        }
        try db.execute(
            sql: """
                INSERT INTO models
                    (name, max_output_tokens, context_window, input_overhead_tokens, part_tokens_max,
                    audio_seconds_max, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET
                    max_output_tokens = excluded.max_output_tokens, context_window = excluded.context_window,
                    input_overhead_tokens = excluded.input_overhead_tokens, part_tokens_max = excluded.part_tokens_max,
                    audio_seconds_max = excluded.audio_seconds_max
                """,
            arguments: [
                model.name, model.maxOutputTokens, model.contextWindow, model.inputOverheadTokens,
                model.partTokensMax, model.audioSecondsMax, model.createdAt.microseconds,
            ]
        )
        try db.execute(sql: "DELETE FROM model_targets WHERE model = ?", arguments: [model.name])
        for (position, target) in model.targets.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO model_targets (model, position, pool, upstream_model, max_tokens_param)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    model.name, position, target.pool, target.upstreamModel, target.maxTokensParam.rawValue,
                ]
            )
        }
    }

    /// Removes a model with its targets. Throws `notFound`.
    public static func deleteModel(_ db: Database, name: String) throws {
        try db.execute(sql: "DELETE FROM models WHERE name = ?", arguments: [name])
        try requireOne(db)
    }

    private static func models(_ db: Database, only name: String? = nil) throws -> [ModelDefinition] {
        let targets = try Row.fetchAll(
            db,
            sql: "SELECT * FROM model_targets WHERE ?1 IS NULL OR model = ?1 ORDER BY model, position",
            arguments: [name]
        )
        let targetsByModel = Dictionary(grouping: targets) { (row: Row) -> String in row["model"] }
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM models WHERE ?1 IS NULL OR name = ?1 ORDER BY name", arguments: [name])
        return rows.map { model($0, targets: targetsByModel[$0["name"]] ?? []) }
    }

    private static func refusing(_ refusal: RoutingError, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_FOREIGNKEY,
                .SQLITE_CONSTRAINT_TRIGGER:
                throw refusal
            default:
                throw error
            }
        }
    }

    private static func requireOne(_ db: Database) throws {
        guard db.changesCount == 1 else { throw RoutingError.notFound }
    }
}
