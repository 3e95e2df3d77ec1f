import GRDB
import Tenancy

/// The writer's connection, its prepared statements and its transactions. For the writer's thread only.
final class JournalConnectionStore {
    private struct Prepared {
        let rows: LedgerRowsStore
        let begin: PreparedRowStore
        let commit: PreparedRowStore
    }

    private let file: DatabaseFile
    private var prepared: Prepared?

    init(file: DatabaseFile) {
        self.file = file
    }

    /// Runs `body` in a transaction that is synced to disk: the connection rests at FULL since it was opened. What is
    /// thrown has undone the transaction.
    func transaction(_ body: (LedgerRowsStore, Database) throws -> Void) throws {
        try file.pool.writeWithoutTransaction { db in
            do {
                let prepared = try prepared ?? prepare(db)
                try prepared.begin.run()
                try body(prepared.rows, db)
                try prepared.commit.run()
            } catch {
                // A statement that failed is not trusted again.
                prepared = nil
                // What failed first is what counts; nobody goes on in a transaction that cannot be rolled back, GRDB
                // ends the process when this block leaves one open.
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
}
