import CSQLite
public import GRDB

/// The one database: opened for writing by a single instance, for reading by anyone.
public final class DatabaseFile: Sendable {
    /// Adds one module's tables.
    public typealias Migration = @Sendable (inout DatabaseMigrator) -> Void

    /// One writing connection and a few reading ones. None checkpoints by itself: that is the journal's, and what the
    /// end of the last connection does.
    public let pool: DatabasePool
    /// Whether it was made when it was opened.
    public let isFresh: Bool
    private let lock: FileLock?

    private init(pool: DatabasePool, lock: FileLock?, isFresh: Bool = false) {
        self.pool = pool
        self.lock = lock
        self.isFresh = isFresh
    }

    /// Opens the file for writing, makes it if there is none, and brings its schema up to date.
    ///
    /// Throws `DatabaseFileError`. Every commit of the writer is synced to disk unless it lowers the level itself.
    ///
    /// - Parameter wasMade: whether something other than the lock's file tells that there was a database. One that is
    ///   empty or gone is not made anew then: whoever lost the books must hear of it.
    public static func open(
        path: String,
        migrations: [Migration],
        wasMade: () -> Bool = { false }
    ) throws -> DatabaseFile {
        let lock = try FileLock(path: path + ".lock")
        let isFresh = FileLock.isEmpty(path: path)
        if isFresh, lock.isMarked || wasMade() { throw DatabaseFileError.lost }
        try FileLock.makePrivate(path: path)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration())
            let file = DatabaseFile(pool: pool, lock: lock, isFresh: isFresh)
            try file.migrate(migrations)
            try file.syncEveryCommit()
            lock.mark()
            return file
        } catch let error as DatabaseError {
            throw typed(error)
        }
    }

    /// Opens an existing file for reading, beside a running instance or after one was killed.
    ///
    /// Throws `DatabaseFileError`.
    public static func openReadOnly(path: String) throws -> DatabaseFile {
        guard FileLock.exists(path: path) else { throw DatabaseFileError.notFound }
        var configuration = configuration()
        configuration.readonly = true
        do {
            let file = DatabaseFile(pool: try DatabasePool(path: path, configuration: configuration), lock: nil)
            // The header is read only now: a file that is no database is found out here.
            _ = try file.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
            return file
        } catch let error as DatabaseError {
            throw typed(error)
        }
    }

    /// Reads an existing file once, in one snapshot, and closes it.
    ///
    /// Throws `DatabaseFileError`, for what is found damaged while reading too, and what `body` throws of its own.
    public static func readOnce<Value>(path: String, _ body: (Database) throws -> Value) throws -> Value {
        let file = try openReadOnly(path: path)
        defer { try? file.close() }
        do {
            return try file.read(body)
        } catch let error as DatabaseError {
            throw typed(error)
        }
    }

    /// How its tables compare with those the migrations make; only reads.
    public func schema(_ migrations: [Migration]) throws -> SchemaState {
        let migrator = Self.migrator(migrations)
        return try pool.read { database in
            if try migrator.hasBeenSuperseded(database) { return .newer }
            return try migrator.hasCompletedMigrations(database) ? .current : .older
        }
    }

    /// Where it lies; what belongs to it lies beside it.
    public var path: String { pool.path }

    /// Whether it may be written.
    public var isWritable: Bool { lock != nil }

    /// Reads in one snapshot.
    public func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try pool.read(body)
    }

    /// Writes in one transaction that is synced to disk; for start-up and offline commands, before a journal runs.
    public func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard isWritable else { throw DatabaseFileError.readOnly }
        return try pool.write(body)
    }

    /// Closes all connections and lets the next instance in.
    public func close() throws {
        try pool.close()
        lock?.release()
    }

    /// SQLite counts each of its allocations under one lock, unless it is told before its first use that nobody asks.
    private static let countsNoMemory = csqlite_forgo_memory_statistics() == SQLITE_OK

    private static func configuration() -> Configuration {
        _ = countsNoMemory
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            // Without it a row that a REPLACE removes is removed behind the back of the triggers that forbid it.
            try database.execute(sql: "PRAGMA recursive_triggers = ON")
            // Only the journal does: two at once can lose data in SQLite before 3.51.3, and nobody would hear of a
            // failure.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        }
        return configuration
    }

    private static func migrator(_ migrations: [Migration]) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for register in migrations { register(&migrator) }
        return migrator
    }

    private func migrate(_ migrations: [Migration]) throws {
        let migrator = Self.migrator(migrations)
        guard try !pool.read(migrator.hasBeenSuperseded) else { throw DatabaseFileError.newerSchema }
        try migrator.migrate(pool)
    }

    /// GRDB sets NORMAL for every WAL database, after its own hooks: only now FULL lasts.
    private func syncEveryCommit() throws {
        let level = try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            return try Int.fetchOne(database, sql: "PRAGMA synchronous")
        }
        guard level == 2 else { throw DatabaseFileError.notDurable }
    }

    static func typed(_ error: DatabaseError) -> DatabaseFileError {
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT: .corrupt
        case .SQLITE_BUSY: .locked
        default: .unavailable(error.message ?? error.resultCode.description)
        }
    }
}
