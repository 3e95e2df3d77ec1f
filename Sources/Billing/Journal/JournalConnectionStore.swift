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
    private var checkpoints: CheckpointStore?

    init(file: DatabaseFile) {
        self.file = file
    }

    /// Runs `body` in a transaction that is synced to disk: the connection rests at FULL since it was opened. What is
    /// thrown has undone the transaction.
    func transaction(_ body: (LedgerRowsStore, Database) throws -> Void) throws {
        try file.pool.writeWithoutTransaction { db in
            do {
                if checkpoints == nil { checkpoints = try CheckpointStore(db) }
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

    /// Moves the log into the database when it has grown; between transactions. Throws what went wrong: nothing that
    /// was committed is undone by it.
    func checkpointIfDue() throws {
        guard let checkpoints, checkpoints.isDue else { return }
        try file.pool.writeWithoutTransaction { try checkpoints.run($0) }
    }

    /// Lets go of the statements, so that the database can be closed.
    func close() {
        file.pool.writeWithoutTransaction { _ in
            prepared = nil
            checkpoints?.close()
            checkpoints = nil
        }
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
