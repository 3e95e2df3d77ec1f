import GRDB
import GRDBSQLite

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Steps through the rows of one query and reads columns by number, without boxes: a month has millions of them.
///
/// Belongs to one connection and must go before that one is given back.
final class ColumnReaderStore {
    /// Keeps the SQLite statement alive.
    private let statement: Statement
    private let connection: OpaquePointer

    /// Prepares a query. Throws `DatabaseError`.
    init(_ sql: String, _ arguments: StatementArguments, _ db: Database) throws {
        guard let connection = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        self.connection = connection
        statement = try db.makeStatement(sql: sql)
        try statement.setArguments(arguments)
    }

    deinit {
        sqlite3_reset(statement.sqliteStatement)
    }

    /// Goes to the next row; false after the last. Throws `DatabaseError`.
    func next() throws -> Bool {
        let code = sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
        }
        return false
    }

    /// A whole number; 0 for NULL.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement.sqliteStatement, column) }

    /// Whether there is no value.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement.sqliteStatement, column) == SQLITE_NULL }

    /// A text; nil for NULL.
    func text(_ column: Int32) -> String? {
        guard let start = sqlite3_column_text(statement.sqliteStatement, column) else { return nil }
        let count = Int(sqlite3_column_bytes(statement.sqliteStatement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Whether a text is this one, or NULL where that is nil; makes no text of it.
    func spells(_ column: Int32, _ expected: String?) -> Bool {
        guard let expected else { return isNull(column) }
        guard let start = sqlite3_column_text(statement.sqliteStatement, column) else { return false }
        let count = Int(sqlite3_column_bytes(statement.sqliteStatement, column))
        let isEqual = expected.utf8.withContiguousStorageIfAvailable { text in
            text.count == count && text.baseAddress.map { memcmp($0, start, count) == 0 } ?? true
        }
        return isEqual ?? (text(column) == expected)
    }

    /// Whether a text begins with this character; names of a fixed set need no more.
    func begins(_ column: Int32, with character: Unicode.Scalar) -> Bool {
        guard let start = sqlite3_column_text(statement.sqliteStatement, column) else { return false }
        return UInt32(start[0]) == character.value
    }
}
