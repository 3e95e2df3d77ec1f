/// Which keys wait for argon2: one run per lane at a time, everything bounded.
///
/// Pure rules; the key ring holds the lock around it and starts the runs it asks for.
struct KeyChecks {
    typealias Waiter = @Sendable (RunResult) -> Void

    enum Submission {
        case start
        case waits
        case busy
    }

    /// Those who presented the same key.
    struct Group {
        let check: PendingCheck
        let queuedAt: Int64
        var waiters: [Waiter]
    }

    struct Finish {
        /// Those the run was for.
        var answered: [Waiter] = []
        /// Those whose key cannot be right, as another one is.
        var refused: [Waiter] = []
        /// Those who cannot be served soon.
        var busy: [Waiter] = []
        /// The run to start next.
        var next: PendingCheck?
    }

    enum RunResult: Sendable {
        case proven
        case wrong
        /// argon2 did not run.
        case rejected
    }

    fileprivate struct Line {
        var running: Group?
        var queue: [Group] = []
        /// Uptime of the latest starts, at most `runsPerSecond` of them.
        var starts: [Int64] = []

        var waiting: Int { queue.reduce(running?.waiters.count ?? 0) { $0 + $1.waiters.count } }

        mutating func mayStart(at now: Int64) -> Bool {
            starts.removeAll { now - $0 >= 1_000_000_000 }
            guard starts.count < KeyChecks.runsPerSecond else { return false }
            starts.append(now)
            return true
        }
    }

    static let runsPerSecond = 5
    static let waitLimit = 1024
    /// So many of a lane wait however many of others do: who fills the lines of some keys keeps no other key out. The
    /// hasher's own queue bounds how many lanes have somebody waiting.
    static let laneReserve = 16
    static let groupLimit = 64
    static let waitLimitNS: Int64 = 5_000_000_000
    private static let lineLimit = 4096

    private var lines: [CheckLane: Line] = [:]
    private(set) var waiting = 0

    mutating func submit(_ check: PendingCheck, at now: Int64, waiter: @escaping Waiter) -> Submission {
        guard waiting < Self.waitLimit || (lines[check.lane]?.waiting ?? 0) < Self.laneReserve else { return .busy }
        if lines.count > Self.lineLimit { forgetIdle(at: now) }
        let group = Group(check: check, queuedAt: now, waiters: [waiter])
        let submission = lines[check.lane, default: Line()].submit(group, at: now)
        if submission != .busy { waiting += 1 }
        return submission
    }

    mutating func finish(_ lane: CheckLane, _ result: RunResult, at now: Int64) -> Finish {
        guard var line = lines[lane] else { return Finish() }
        var finish = Finish()
        let ended = line.running
        finish.answered = ended?.waiters ?? []
        line.running = nil
        if result == .rejected {
            finish.busy = line.queue.flatMap(\.waiters)
            line.queue = []
        } else {
            if result == .proven { finish.refused = line.remove(ended?.check.publicID) }
            finish.next = line.advance(at: now, busy: &finish.busy)
        }
        waiting -= finish.answered.count + finish.refused.count + finish.busy.count
        lines[lane] = line
        return finish
    }

    private mutating func forgetIdle(at now: Int64) {
        lines = lines.filter { _, line in
            line.running != nil || line.starts.contains { now - $0 < 1_000_000_000 }
        }
    }
}

extension KeyChecks.Line {
    mutating func submit(_ group: KeyChecks.Group, at now: Int64) -> KeyChecks.Submission {
        guard let running else {
            guard mayStart(at: now) else { return .busy }
            self.running = group
            return .start
        }
        if running.check.digest.matches(group.check.digest) {
            self.running?.waiters += group.waiters
            return .waits
        }
        if let twin = queue.firstIndex(where: { $0.check.digest.matches(group.check.digest) }) {
            queue[twin].waiters += group.waiters
            return .waits
        }
        guard queue.count < KeyChecks.groupLimit else { return .busy }
        queue.append(group)
        return .waits
    }

    /// Takes out those with other secrets for that id.
    mutating func remove(_ publicID: PublicID?) -> [KeyChecks.Waiter] {
        let removed = queue.filter { $0.check.publicID == publicID }
        queue.removeAll { $0.check.publicID == publicID }
        return removed.flatMap(\.waiters)
    }

    /// Takes the next group that has not waited too long. Without a free start all are turned away, as
    /// nothing would wake them later.
    mutating func advance(
        at now: Int64,
        busy: inout [KeyChecks.Waiter]
    ) -> PendingCheck? {
        while let group = queue.first {
            guard now - group.queuedAt <= KeyChecks.waitLimitNS else {
                busy += queue.removeFirst().waiters
                continue
            }
            guard mayStart(at: now) else {
                busy += queue.flatMap(\.waiters)
                queue = []
                return nil
            }
            running = queue.removeFirst()
            return group.check
        }
        return nil
    }
}
