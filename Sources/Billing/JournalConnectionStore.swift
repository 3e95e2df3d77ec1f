import GRDB
import GRDBSQLite
import Tenancy

/// The writer's connection: its prepared statements and its two kinds of transactions. For the writer's thread only.
final class JournalConnectionStore {
    private struct Prepared {
        let rows: LedgerRowsStore
        let begin: PreparedRowStore
        let commit: PreparedRowStore
    }

    private let file: DatabaseFile
    private var prepared: Prepared?
    private var restsAtFull = false

    init(file: DatabaseFile) {
        self.file = file
    }

    /// Runs `body` in a transaction that is synced to disk or, at NORMAL, survives the process alone; FULL again
    /// afterwards. What is thrown has undone the transaction.
    func transaction(isDurable: Bool, _ body: (LedgerRowsStore, Database) throws -> Void) throws {
        try file.pool.writeWithoutTransaction { db in
            if !isDurable {
                restsAtFull = false
                try Self.setLevel("NORMAL", db)
            } else if !restsAtFull {
                try rest(db)
            }
            defer {
                if !isDurable { try? rest(db) }
            }
            do {
                let prepared = try prepared ?? prepare(db)
                try prepared.begin.run()
                try body(prepared.rows, db)
                try prepared.commit.run()
            } catch {
                // A statement that failed is not trusted again.
                prepared = nil
                if db.isInsideTransaction { try? db.rollback() }
                throw error
            }
        }
    }

    /// Lets go of the statements, so that the database can be closed.
    func close() {
        file.pool.writeWithoutTransaction { _ in prepared = nil }
    }

    private func prepare(_ db: Database) throws -> Prepared {
        let made = Prepared(
            rows: try LedgerRowsStore(db), begin: try PreparedRowStore("BEGIN IMMEDIATE", db),
            commit: try PreparedRowStore("COMMIT", db)
        )
        prepared = made
        return made
    }

    private func rest(_ db: Database) throws {
        try Self.setLevel("FULL", db)
        restsAtFull = true
    }

    /// The level takes effect when the pragma is prepared, so that a kept statement would do nothing.
    private static func setLevel(_ level: String, _ db: Database) throws {
        let code = sqlite3_exec(db.sqliteConnection, "PRAGMA synchronous = \(level)", nil, nil, nil)
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
        }
    }
}
