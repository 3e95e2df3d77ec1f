import Dispatch
public import GRDB
public import Logging
import Synchronization
public import Tenancy

/// The one writer of the database: a thread that commits whatever waits, in one synced transaction a turn.
public final class Journal: Sendable {
    /// An admin change: its part of the transaction, then what follows the commit or the failure.
    private struct AdminJob: Sendable {
        let body: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    /// What the ledger in memory is made of.
    private struct Attached: Sendable {
        let books: Books
        let holds: HoldFile
    }

    /// Attempts at writing what is left when the journal is closed while the disk fails.
    private static let lastAttempts = 10

    private let file: DatabaseFile
    private let holdSync: HoldSync
    private let time: any TimeSource
    private let logger: Logger
    private let retryPauseMS: Int
    private let fatal: @Sendable (String) -> Void
    private let queue = JournalQueue<AdminJob>()
    private let attached = Mutex<Attached?>(nil)
    private let figures = Mutex(JournalCounters())
    private let writable = Atomic<Bool>(true)
    private let halted = Atomic<Bool>(false)
    private let ended = DispatchGroup()

    /// Starts the writer. `fatal` is called when nothing on disk can be trusted any more and must end the process; by
    /// default it exits with status 1. `retryPauseMS` passes between attempts while the disk fails.
    public init(
        file: DatabaseFile,
        holdSync: HoldSync = .process,
        time: any TimeSource,
        logger: Logger,
        retryPauseMS: Int = 200,
        fatal: (@Sendable (String) -> Void)? = nil
    ) {
        self.file = file
        self.holdSync = holdSync
        self.time = time
        self.logger = logger
        self.retryPauseMS = retryPauseMS
        self.fatal = fatal ?? { _ in JournalExit.now() }
        ended.enter()
        if !WorkerThread.start(.gathering, { self.run() }) {
            logger.critical("the journal has no thread")
            writable.store(false, ordering: .sequentiallyConsistent)
            queue.close()
            ended.leave()
        }
    }

    /// Whether the last commit succeeded; new holds are refused until one does.
    public var isWritable: Bool { writable.load(ordering: .relaxed) }

    /// The writer's figures.
    public var counters: JournalCounters {
        var counters = figures.withLock { $0 }
        counters.pending = queue.count
        counters.isWritable = isWritable
        return counters
    }

    /// Runs a change in the next turn's durable transaction; an error it throws undoes only its own changes.
    /// `committed` runs on the writer's thread after the commit, before the caller goes on.
    /// Throws what the body throws, or `LedgerError.unavailable`.
    public func write<T: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> T,
        committed: @escaping @Sendable (T) -> Void = { _ in }
    ) async throws -> T {
        try await write(isResolution: false, body, committed: committed)
    }

    /// Writes everything that waits, then stops the writer; returns when it has stopped. Not for the writer's thread.
    public func close() {
        queue.close()
        ended.wait()
    }

    // MARK: For the ledger

    func attach(_ books: Books, _ holds: HoldFile) {
        attached.withLock { $0 = Attached(books: books, holds: holds) }
    }

    func write<T: Sendable>(
        isResolution: Bool,
        _ body: @escaping @Sendable (Database) throws -> T,
        committed: @escaping @Sendable (T) -> Void
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let job = AdminJob(
                body: { db in
                    let value = try body(db)
                    return {
                        committed(value)
                        continuation.resume(returning: value)
                    }
                },
                fail: { continuation.resume(throwing: $0) }
            )
            let isOpen = queue.add { turn in
                if isResolution { turn.resolutions.append(job) } else { turn.changes.append(job) }
            }
            if !isOpen { job.fail(Self.closed) }
        }
    }

    /// Whether a hold may be stored now: its end can be written.
    var takesHolds: Bool { isWritable && !queue.isClosed }

    /// Whether holds must survive a power cut.
    var syncsHolds: Bool { holdSync == .full }

    /// Queues a stored hold to be synced; false when the journal is closed, and `then` is not called.
    func sync(_ job: JournalJob) -> Bool {
        queue.add { $0.holds.append(job) }
    }

    /// Queues the end of an attempt; false when the journal is closed, and `then` is not called.
    func end(_ job: JournalJob) -> Bool {
        queue.add { $0.ends.append(job) }
    }

    private static let closed = LedgerError.unavailable("the journal is closed")

    // MARK: The writer's thread

    private func run() {
        let connection = JournalConnectionStore(file: file)
        var backlog: [JournalJob] = []
        var lastAttempts = Self.lastAttempts
        var rows = 0
        while true {
            let turn: JournalQueue<AdminJob>.Turn
            // What is left is written again without new work too: the disk may take another row, but not that one.
            if isWritable, backlog.isEmpty {
                queue.gather(after: rows)
                guard let next = queue.next() else { break }
                turn = next
            } else {
                turn = queue.next(afterMilliseconds: retryPauseMS)
                if queue.isClosed {
                    lastAttempts -= 1
                    if lastAttempts < 0 { refuse(turn) }
                    if lastAttempts < 0 || (backlog.isEmpty && turn.isEmpty) { break }
                }
            }
            rows = turn.count
            if !turn.holds.isEmpty { syncHolds(turn.holds) }
            let jobs = backlog.isEmpty ? turn.ends : backlog + turn.ends
            let changes = turn.resolutions + turn.changes
            backlog = []
            if !jobs.isEmpty || !changes.isEmpty || !isWritable { backlog = writeRest(jobs, changes, connection) }
            checkpoint(connection)
            if halted.load(ordering: .relaxed) { break }
        }
        if !backlog.isEmpty {
            logger.critical("settlements are not stored; their holds are left", metadata: ["count": "\(backlog.count)"])
        }
        queue.close()
        refuse(queue.next())
        connection.close()
        ended.leave()
    }

    /// After the callers of a turn have gone on. What fails is tried again later, as the log has it all; but after a
    /// failed sync nobody knows what the disk has.
    private func checkpoint(_ connection: JournalConnectionStore) {
        guard !halted.load(ordering: .relaxed) else { return }
        do {
            try connection.checkpointIfDue()
        } catch {
            let failure = Self.classify(error)
            if case .fatal = failure { return note(failure) }
            logger.error("the log cannot be moved into the database", metadata: ["error": "\(error)"])
        }
    }

    /// Turns away what came in while the writer stopped.
    private func refuse(_ turn: JournalQueue<AdminJob>.Turn?) {
        guard let turn else { return }
        giveBack(turn.holds + turn.ends, Self.closed)
        for change in turn.resolutions + turn.changes { change.fail(Self.closed) }
    }

    /// Syncs the holds of a turn before its transaction, so that their callers need not wait for that one too.
    private func syncHolds(_ jobs: [JournalJob]) {
        guard let holds = attached.withLock({ $0 })?.holds else { return }
        do throws(LedgerError) {
            try holds.sync()
            for job in jobs { job.then?(nil) }
        } catch {
            // After a failed sync nobody knows what the disk has.
            note(.fatal("\(error)"))
            giveBack(jobs, error)
        }
    }

    /// The transaction of a turn; returns the ended attempts that must be written again.
    private func writeRest(
        _ jobs: [JournalJob],
        _ changes: [AdminJob],
        _ connection: JournalConnectionStore
    ) -> [JournalJob] {
        let attached = attached.withLock { $0 }
        let snapshot = attached?.books.snapshot(jobs) ?? LedgerBatchStore.Snapshot()
        var outcome = LedgerBatchStore.Outcome()
        var results: [Result<@Sendable () -> Void, any Error>] = []
        let begun = time.uptime()
        let failure = transaction(connection) { rows, db in
            outcome = try LedgerBatchStore.write(jobs, snapshot, rows, db)
            for change in changes { results.append(try Self.run(change, db)) }
            if jobs.isEmpty, changes.isEmpty { try LedgerStore.probe(db) }
        }
        if failure != nil { attached?.books.putBack(snapshot) }
        switch failure {
        case nil:
            writable.store(true, ordering: .sequentiallyConsistent)
            figures.withLock { $0.addCommit(nanoseconds: time.uptime() - begun) }
            attached?.books.apply(outcome)
            attached?.holds.free(outcome.settled.lazy.map(\.hold))
            for job in jobs { finish(job, attached?.holds) }
            for (change, result) in zip(changes, results) {
                switch result {
                case .success(let committed): committed()
                case .failure(let error): change.fail(error)
                }
            }
            return []
        case .rejected where jobs.count + changes.count > 1:
            // One of them spoils the rest: each has a transaction of its own.
            var backlog: [JournalJob] = []
            for job in jobs { backlog += writeRest([job], [], connection) }
            for change in changes { backlog += writeRest([], [change], connection) }
            return backlog
        case .some(let failure):
            return fail(jobs, changes, failure)
        }
    }

    /// The end of an attempt is stored: now the hold of the next one, if there is one, and its caller goes on.
    private func finish(_ job: JournalJob, _ holds: HoldFile?) {
        do throws(LedgerError) {
            if let next = job.next {
                try holds?.put(next)
                if syncsHolds { return syncHolds([JournalJob(next: next, then: job.then)]) }
            }
            job.then?(nil)
        } catch {
            giveBack([JournalJob(next: job.next, then: job.then)], error)
        }
    }

    /// Tells everyone and returns what has to be written all the same: its money was spent.
    private func fail(_ jobs: [JournalJob], _ changes: [AdminJob], _ failure: JournalFailure) -> [JournalJob] {
        note(failure)
        for change in changes { change.fail(failure.ledgerError) }
        var backlog: [JournalJob] = []
        for job in jobs {
            giveBack([JournalJob(next: job.next, then: job.then)], failure.ledgerError)
            if case .rejected = failure { continue }
            if let settlement = job.settlement { backlog.append(JournalJob(settlement: settlement)) }
        }
        return backlog
    }

    private func giveBack(_ jobs: [JournalJob], _ error: LedgerError) {
        let unwanted = jobs.compactMap(\.next)
        if !unwanted.isEmpty, let attached = attached.withLock({ $0 }) {
            for hold in unwanted { attached.holds.erase(hold) }
            attached.books.giveBackUnwritten(unwanted)
        }
        for job in jobs { job.then?(error) }
    }

    private func note(_ failure: JournalFailure) {
        figures.withLock { $0.failures += 1 }
        switch failure {
        case .unavailable(let text):
            writable.store(false, ordering: .sequentiallyConsistent)
            logger.error("the ledger cannot be written", metadata: ["error": "\(text)"])
        case .rejected(let text):
            logger.critical("the ledger refused a row", metadata: ["error": "\(text)"])
        case .fatal(let text):
            writable.store(false, ordering: .sequentiallyConsistent)
            halted.store(true, ordering: .sequentiallyConsistent)
            logger.critical("the ledger cannot be trusted any more", metadata: ["error": "\(text)"])
            fatal(text)
        }
    }

    /// Runs `body` in a transaction of the writer's connection.
    private func transaction(
        _ connection: JournalConnectionStore,
        _ body: (LedgerRowsStore, Database) throws -> Void
    ) -> JournalFailure? {
        do {
            try connection.transaction(body)
            return nil
        } catch {
            return Self.classify(error)
        }
    }

    /// Runs an admin change in a savepoint; throws only what spoils the whole transaction.
    private static func run(
        _ change: AdminJob,
        _ db: Database
    ) throws -> Result<@Sendable () -> Void, any Error> {
        var committed: @Sendable () -> Void = {}
        do {
            try db.inSavepoint {
                committed = try change.body(db)
                return .commit
            }
            return .success(committed)
        } catch {
            if (error as? DatabaseError).map({ classify($0) }).map({ $0.spoilsTransaction }) ?? false { throw error }
            guard db.isInsideTransaction else { throw error }
            return .failure(error)
        }
    }

    static func classify(_ error: any Error) -> JournalFailure {
        guard let error = error as? DatabaseError else { return .rejected("\(error)") }
        let text = error.message ?? error.resultCode.description
        switch error.extendedResultCode {
        case .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC, .SQLITE_IOERR_CORRUPTFS: return .fatal(text)
        default: break
        }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .fatal(text)
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_BUSY, .SQLITE_LOCKED,
            .SQLITE_NOMEM, .SQLITE_PROTOCOL, .SQLITE_PERM, .SQLITE_INTERRUPT, .SQLITE_ABORT:
            return .unavailable(text)
        default: return .rejected(text)
        }
    }
}
