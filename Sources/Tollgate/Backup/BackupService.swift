import AdminAPI
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Tenancy

/// Makes a backup whenever the newest is older than its interval; one at the start if there is none.
final class BackupService: Service {
    private static let lookSeconds: Int64 = 10
    /// After a failure the next attempt waits so long, so that a full disk is not filled again and again.
    private static let retryMS: Int64 = 600_000

    private let file: DatabaseFile
    private let maker: BackupMaker
    private let everyMS: Int64
    private let status: BackupStatus
    private let time: any TimeSource
    private let logger: Logger
    private let isBusy = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private let notBefore = Mutex<Timestamp?>(nil)

    init(_ settings: BackupSettings, file: DatabaseFile, status: BackupStatus, time: any TimeSource, logger: Logger) {
        self.file = file
        self.status = status
        self.time = time
        self.logger = logger
        everyMS = settings.everyMS
        maker = BackupMaker(settings)
        status.found(newest: maker.folder.entries(until: time.now()).first?.instant)
    }

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let looks = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(Self.lookSeconds)) { _ in
            self.look()
        }
        try await gracefulShutdown()
        looks.cancel()
        isStopping.store(true, ordering: .relaxed)
    }

    private func look() {
        let now = time.now()
        // Others make and remove backups here too: what counts is what is there.
        let newest = maker.folder.entries(until: now).first?.instant
        status.found(newest: newest)
        guard Self.isDue(newest: newest, everyMS: everyMS, now: now),
            notBefore.withLock({ $0.map { $0 <= now } ?? true }),
            isBusy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else { return }
        // Reading a whole ledger must not keep a call waiting.
        let isStarted = WorkerThread.start(.last) {
            self.make(at: now)
            self.isBusy.store(false, ordering: .releasing)
        }
        if !isStarted { isBusy.store(false, ordering: .releasing) }
    }

    /// Whether it is time for another; a newest one from the future, by a clock that was set back, does not count.
    static func isDue(newest: Timestamp?, everyMS: Int64, now: Timestamp) -> Bool {
        guard let newest, newest <= now else { return true }
        return newest.adding(milliseconds: everyMS) <= now
    }

    private func make(at now: Timestamp) {
        do {
            let made = try maker.make(of: file, at: now) { _, _ in
                if self.isStopping.load(ordering: .relaxed) { throw BackupError.stopped }
            }
            status.found(newest: made.entry.instant)
            logger.info("backup made", metadata: ["path": "\(made.entry.path)"])
            if let reason = made.leftBehind {
                logger.warning("an older backup could not be removed", metadata: ["reason": "\(reason)"])
            }
        } catch BackupError.stopped {
            logger.info("backup ended unfinished, the gateway is stopping")
        } catch {
            notBefore.withLock { $0 = now.adding(milliseconds: Self.retryMS) }
            logger.error("backup failed", metadata: ["reason": "\(RefusalWords.text(for: error))"])
            status.failed()
        }
    }
}
