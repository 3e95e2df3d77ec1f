import Dispatch
import Synchronization

/// The bounded queue between those who ask for a hash and the workers.
final class KeyHasherQueue: Sendable {
    typealias Work = @Sendable (KeyHasherError?) -> Void

    private struct Job {
        let work: Work
        let queuedAt: Int64
    }

    private struct State {
        var jobs: [Job] = []
        /// Jobs before this index are gone; the array is cut when half of it is.
        var head = 0
        var stopped = false
        var counters = KeyHasherCounters()

        mutating func pop() -> Job? {
            guard head < jobs.count else { return nil }
            let job = jobs[head]
            head += 1
            if head * 2 > jobs.count {
                jobs.removeFirst(head)
                head = 0
            }
            return job
        }
    }

    private let state = Mutex(State())
    /// One signal a job, and one a worker at the end.
    private let available = DispatchSemaphore(value: 0)
    private let limit: Int
    private let waitLimitNS: Int64
    private let time: any TimeSource

    init(limit: Int, waitLimitMS: Int64, time: any TimeSource) {
        self.limit = limit
        let (nanoseconds, overflow) = waitLimitMS.multipliedReportingOverflow(by: 1_000_000)
        waitLimitNS = overflow ? .max : nanoseconds
        self.time = time
    }

    var counters: KeyHasherCounters {
        state.withLock { state in
            var counters = state.counters
            counters.queued = state.jobs.count - state.head
            return counters
        }
    }

    /// Calls `work` on a worker with nil, or with the reason it will not run: at once when full or stopped.
    func submit(_ work: @escaping Work) {
        let now = time.uptime()
        let refusal: KeyHasherError? = state.withLock { state in
            if state.stopped { return .failed }
            guard state.jobs.count - state.head < limit else {
                state.counters.rejected &+= 1
                return .full
            }
            state.jobs.append(Job(work: work, queuedAt: now))
            return nil
        }
        guard let refusal else {
            available.signal()
            return
        }
        work(refusal)
    }

    /// A worker's life: ends after `stop`.
    func work() {
        while true {
            available.wait()
            let (job, stopped) = state.withLock { ($0.pop(), $0.stopped) }
            guard let job else {
                if stopped { return }
                continue
            }
            if stopped {
                job.work(.failed)
            } else {
                run(job)
            }
        }
    }

    /// Refuses new jobs and answers those that wait; a worker wakes up for each signal and finds its end.
    func stop(workers: Int) {
        let first = state.withLock { state in
            defer { state.stopped = true }
            return !state.stopped
        }
        guard first else { return }
        for _ in 0..<workers { available.signal() }
    }

    private func run(_ job: Job) {
        let start = time.uptime()
        if start - job.queuedAt > waitLimitNS {
            state.withLock { $0.counters.rejected &+= 1 }
            job.work(.late)
            return
        }
        job.work(nil)
    }

    func record(since start: Int64) {
        let duration = time.uptime() - start
        state.withLock { $0.counters.record(nanoseconds: duration) }
    }
}
