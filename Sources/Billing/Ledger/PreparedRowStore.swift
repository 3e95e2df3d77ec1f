import GRDB
import GRDBSQLite

/// One prepared statement whose columns are bound in order and by type, without boxes or argument lists.
///
/// Belongs to one connection, is used only while that one is held, and must go before it is closed.
final class PreparedRowStore {
    /// Bytes of text that one row binds without another copy; longer rows are copied by SQLite.
    private static let textCapacity = 1024

    /// Keeps the SQLite statement alive, and finalizes it.
    private let statement: Statement
    private let connection: OpaquePointer
    private let columns: Int32
    /// What the bound texts point into: it outlives them, because every run needs all columns bound anew.
    private let text: UnsafeMutablePointer<UInt8>
    private var textLength = 0
    private var bound: Int32 = 0
    private var status = SQLITE_OK

    /// Prepares a statement. Throws `DatabaseError`.
    init(_ sql: String, _ db: Database) throws {
        guard let connection = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        self.connection = connection
        statement = try db.makeStatement(sql: sql)
        columns = sqlite3_bind_parameter_count(statement.sqliteStatement)
        text = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.textCapacity)
    }

    deinit {
        // The statement may outlive its buffer by a moment, but not with values that point there.
        sqlite3_reset(statement.sqliteStatement)
        sqlite3_clear_bindings(statement.sqliteStatement)
        text.deallocate()
    }

    /// Binds the next column.
    func bind(_ value: Int64) {
        bound += 1
        note(sqlite3_bind_int64(statement.sqliteStatement, bound, value))
    }

    /// Binds the next column; nil is NULL.
    func bind(_ value: Int64?) {
        if let value { bind(value) } else { bindNull() }
    }

    /// Binds the next column.
    func bind(_ value: Int) { bind(Int64(value)) }

    /// Binds the next column as 0 or 1.
    func bind(_ value: Bool) { bind(value ? Int64(1) : 0) }

    /// Binds the next column; nil is NULL.
    func bind(_ value: String?) {
        if let value { bind(value) } else { bindNull() }
    }

    /// Binds the next column.
    func bind(_ value: String) {
        bound += 1
        // Without a copy of the string, which would have to be counted.
        if value.utf8.withContiguousStorageIfAvailable(bindBytes) == nil {
            var value = value
            value.withUTF8(bindBytes)
        }
    }

    private func bindBytes(_ bytes: UnsafeBufferPointer<UInt8>) {
        let start = text + textLength
        if let source = bytes.baseAddress, bytes.count > Self.textCapacity - textLength {
            let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            let size = sqlite3_uint64(bytes.count)
            source.withMemoryRebound(to: CChar.self, capacity: bytes.count) { source in
                note(
                    sqlite3_bind_text64(statement.sqliteStatement, bound, source, size, copying, UInt8(SQLITE_UTF8)))
            }
            return
        }
        if let source = bytes.baseAddress { start.update(from: source, count: bytes.count) }
        textLength += bytes.count
        start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
            note(sqlite3_bind_text(statement.sqliteStatement, bound, start, Int32(bytes.count), nil))
        }
    }

    /// Runs the statement with the columns bound and returns how many rows it changed.
    /// Throws `DatabaseError` with SQLite's extended result code.
    @discardableResult
    func run() throws -> Int {
        defer { reset() }
        try start()
        var code = SQLITE_ROW
        while code == SQLITE_ROW { code = sqlite3_step(statement.sqliteStatement) }
        guard code == SQLITE_DONE else { throw failure(code) }
        return Int(sqlite3_changes(connection))
    }

    /// Runs the statement and returns the first column of its first row, 0 when there is none.
    /// Throws `DatabaseError` with SQLite's extended result code.
    func integer() throws -> Int64 {
        defer { reset() }
        try start()
        let code = sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return sqlite3_column_int64(statement.sqliteStatement, 0) }
        guard code == SQLITE_DONE else { throw failure(code) }
        return 0
    }

    private func bindNull() {
        bound += 1
        note(sqlite3_bind_null(statement.sqliteStatement, bound))
    }

    private func note(_ code: Int32) {
        if code != SQLITE_OK, status == SQLITE_OK { status = code }
    }

    /// A statement must not run with values that an earlier row left behind.
    private func start() throws {
        guard status == SQLITE_OK else { throw failure(status) }
        guard bound == columns else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "columns are unbound") }
    }

    private func reset() {
        sqlite3_reset(statement.sqliteStatement)
        bound = 0
        textLength = 0
        status = SQLITE_OK
    }

    /// Read before the statement is reset, which may change the message.
    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
    }
}
