public import GRDB
import GRDBSQLite
public import Tenancy

/// Long reads that let others have the processor in between, also within one statement.
public enum GivingWayStore {
    /// Steps of SQLite's machine between two looks: a few rows, well below a tenth of a millisecond.
    private static let steps: Int32 = 1000

    /// 0: the statement goes on.
    private static let look: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { _ in
        WorkerThread.giveWay()
        return 0
    }

    /// Reads in one snapshot, for a thread that stands back. Throws what `DatabaseFile.read` and the body throw.
    public static func read<Value>(_ file: DatabaseFile, _ body: (Database) throws -> Value) throws -> Value {
        try file.read { db in
            guard let connection = db.sqliteConnection else { return try body(db) }
            sqlite3_progress_handler(connection, steps, look, nil)
            // The connection goes back to those that others read by.
            defer { sqlite3_progress_handler(connection, 0, nil, nil) }
            return try body(db)
        }
    }
}
