/// Runs argon2id on a few threads of its own, with a bounded queue before them.
public final class KeyHasher: Sendable {
    private let cost: Cost
    private let workers: Int
    private let queue: KeyHasherQueue
    private let time: any TimeSource

    /// Starts the workers; at most `queueLimit` runs wait, each at most `waitLimitMS` milliseconds.
    public init(
        cost: Cost,
        workers: Int,
        queueLimit: Int = 1024,
        waitLimitMS: Int64 = 5000,
        time: any TimeSource
    ) {
        self.cost = cost
        self.time = time
        let queue = KeyHasherQueue(limit: max(0, queueLimit), waitLimitMS: waitLimitMS, time: time)
        self.queue = queue
        let wanted = min(max(1, workers), 64)
        self.workers = (0..<wanted).count { _ in WorkerThread.start { queue.work() } }
        // Without a single thread nothing would ever be answered: say so at once instead.
        if self.workers == 0 { queue.stop(workers: 0) }
    }

    deinit {
        queue.stop(workers: workers)
    }

    /// Hashes a whole key text into a PHC string; calls back on a worker, or at once with `full`.
    public func hash(_ secret: [UInt8], then: @escaping @Sendable (Result<String, KeyHasherError>) -> Void) {
        let cost = cost
        run({ () throws(KeyHasherError) in try Argon2.hash(secret, cost: cost) }, then: then)
    }

    /// Hashes a whole key text into a PHC string.
    public func hash(_ secret: [UInt8]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            hash(secret) { continuation.resume(with: $0) }
        }
    }

    /// Compares a whole key text with a PHC string; calls back on a worker, or at once with `full`.
    public func verify(
        _ secret: [UInt8],
        phc: String,
        then: @escaping @Sendable (Result<Bool, KeyHasherError>) -> Void
    ) {
        run({ () throws(KeyHasherError) in try Argon2.verify(secret, phc: phc) }, then: then)
    }

    /// What has been done so far.
    public var counters: KeyHasherCounters { queue.counters }

    /// Answers those that wait with `failed` and ends the workers; a run under way is finished.
    public func shutdown() {
        queue.stop(workers: workers)
    }

    private func run<Value>(
        _ body: @escaping @Sendable () throws(KeyHasherError) -> Value,
        then: @escaping @Sendable (Result<Value, KeyHasherError>) -> Void
    ) {
        queue.submit { [queue, time] refusal in
            if let refusal {
                then(.failure(refusal))
                return
            }
            let start = time.uptime()
            let result = Result(catching: body)
            queue.record(since: start)
            then(result)
        }
    }
}
