public import Logging
import Synchronization
public import Tenancy

/// Closes months: a request starts the grace, a sweep closes what is due, in one transaction or not at all.
///
/// Everything is read by readers; facts are written in parts while the month is closing, and mean nothing before the
/// last, short transaction has found that nothing changed meanwhile.
public final class PeriodCloser: Sendable {
    /// Facts one turn of the writer takes: some milliseconds.
    private static let partSize = 500

    private let file: DatabaseFile
    private let journal: Journal
    private let ledger: Ledger
    /// What facts are read from.
    public let sources: PeriodSources
    private let time: any TimeSource
    private let logger: Logger
    /// The sweep that came last. Two at once would write facts of one month that were read at two instants.
    private let latest = Mutex<Task<[Period], Never>?>(nil)

    /// A closer of the ledger's months; nothing happens before `sweep`.
    public init(
        file: DatabaseFile,
        journal: Journal,
        ledger: Ledger,
        sources: PeriodSources,
        time: any TimeSource,
        logger: Logger
    ) {
        self.file = file
        self.journal = journal
        self.ledger = ledger
        self.sources = sources
        self.time = time
        self.logger = logger
    }

    /// Stores a request to close a month, inside `Journal.write`; a closed one is returned as it is.
    /// Throws `PeriodError.notEnded`.
    public static func request(
        _ month: BillingPeriod,
        graceMS: Int64,
        by actor: String,
        at now: Timestamp,
        _ db: TenancyStore.Transaction
    ) throws -> Period {
        let period = try PeriodRule.requested(
            try PeriodStore.period(db, month), graceMS: graceMS, by: actor, at: now)
        try PeriodCloseStore.request(period, db)
        return period
    }

    /// Closes every month that is due and that no call holds up, once the sweeps before are over; returns those. One
    /// that fails waits for the next time.
    @discardableResult
    public func sweep() async -> [Period] {
        let turn = latest.withLock { latest in
            let before = latest
            let turn = Task {
                _ = await before?.value
                return await self.closeDue()
            }
            latest = turn
            return turn
        }
        return await turn.value
    }

    private func closeDue() async -> [Period] {
        var closed: [Period] = []
        for period in closing() {
            let step = PeriodRule.step(period, liveHolds: ledger.liveHolds(in: period.month), at: time.now())
            guard step == .close else { continue }
            do {
                if let done = try await close(period.month) { closed.append(done) }
            } catch {
                // Months close in any order: one that cannot be closed holds up no other.
                logger.warning(
                    "a month waits to be closed", metadata: ["period": "\(period.month)", "reason": "\(error)"])
            }
        }
        return closed
    }

    private func closing() -> [Period] {
        do {
            return try file.read { try PeriodStore.closing($0) }
        } catch {
            logger.warning("months wait to be closed", metadata: ["reason": "\(error)"])
            return []
        }
    }

    /// nil: something was added meanwhile, or the month is not due any more.
    private func close(_ month: BillingPeriod) async throws -> Period? {
        let (sources, time, books) = (sources, time, ledger.books)
        let scan = try await read { db in
            let head = try PeriodStore.newestClosed(db)?.seal?.chainHead
            return try PeriodScanStore.scan(db, month, after: head)
        }
        let gathered = try await read { try PeriodCloseStore.gather(month, scan, sources, $0) }
        for start in stride(from: 0, to: gathered.changes.count, by: Self.partSize) {
            let part = gathered.changes[start..<min(start + Self.partSize, gathered.changes.count)]
            try await journal.write { try PeriodFactsStore.write(part, of: month, $0) }
        }
        let digest = try await read { try PeriodFactsStore.digest($0, month) }
        let period: Period?
        do {
            period = try await journal.write { db -> Period? in
                let now = time.now()
                let stored = try PeriodStore.period(db, month)
                // The lock closes the month to newcomers; what the turn itself has settled still counts as live.
                guard PeriodRule.step(stored, liveHolds: 0, at: now) == .close, books.withLock({ $0.seal(month) })
                else { return nil }
                let closed = try PeriodCloseStore.close(
                    month, gathered, factsSHA256: digest, at: now, db)
                try AlertStore.raise(.periodClosed(month.text, at: now), db)
                try TenancyStore.audit(db, Self.audit(closed, at: now))
                return closed
            }
        } catch is PeriodCloseStore.Stale {
            logger.notice("a close begins again, as entries or credits came", metadata: ["period": "\(month)"])
            return nil
        }
        if let seal = period?.seal {
            logger.notice(
                "month closed",
                metadata: ["period": "\(month)", "entries": "\(seal.entries)", "chain": "\(seal.chainHead)"])
        }
        return period
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (TenancyStore.Transaction) throws -> Value
    ) async throws -> Value {
        let file = file
        return try await withCheckedThrowingContinuation { continuation in
            // A month of a million entries takes seconds: not on a thread that others share, and behind requests, but
            // not so far that its snapshot keeps the write-ahead log for long.
            let read: @Sendable () -> Void = {
                continuation.resume(with: Result { try GivingWayStore.read(file, body) })
            }
            if !WorkerThread.start(.afterRequests, read) { read() }
        }
    }

    private static func audit(_ period: Period, at now: Timestamp) -> AuditEntry {
        let id = ID<AuditEntry>.make(prefix: "aud", at: now)
        let after = period.seal.map { seal in
            #"{"entries":\#(seal.entries),"cost":"\#(seal.cost.decimal)","chain_head":"\#(seal.chainHead)","#
                + #""manifest_sha256":"\#(seal.manifestSHA256)"}"#
        }
        return AuditEntry(
            id: id, at: now, actor: "system", action: "period.closed", subject: period.month.text, before: nil,
            after: after, requestID: id.text)
    }
}
