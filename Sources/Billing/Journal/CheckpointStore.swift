import GRDB
import GRDBSQLite

/// Moves what the write-ahead log holds into the database each time the log has grown; for the writer's connection,
/// which alone does so, and only on its thread.
///
/// SQLite would do it by itself inside of commits, but tell nobody what went wrong: after a failed sync, the one thing
/// to do is to end.
final class CheckpointStore {
    /// Pages by which the log grows between two tries, SQLite's own default.
    static let pages: Int32 = 1000

    private let connection: OpaquePointer
    /// Pages in the log.
    private var length: Int32 = 0
    /// Its length at the last try.
    private var triedAt: Int32 = 0

    /// Hears of the connection's commits from now on, until `close`. Throws `DatabaseError`.
    init(_ db: Database) throws {
        guard let connection = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        self.connection = connection
        sqlite3_wal_hook(
            connection,
            { listener, _, _, pages in
                guard let listener else { return SQLITE_MISUSE }
                Unmanaged<CheckpointStore>.fromOpaque(listener).takeUnretainedValue().committed(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Must be called before this object or the connection goes.
    func close() {
        sqlite3_wal_hook(connection, nil, nil)
    }

    /// Whether the log has grown.
    var isDue: Bool { length - triedAt >= Self.pages }

    /// Moves what no reader needs in the log any more. Throws `DatabaseError`; the log then still has everything,
    /// unless it says that a sync failed.
    func run(_ db: Database) throws {
        triedAt = length
        _ = try db.checkpoint(.passive)
    }

    private func committed(_ pages: Int32) {
        // The first commit after everything was moved begins the log anew.
        if pages < length { triedAt = 0 }
        length = pages
    }
}
