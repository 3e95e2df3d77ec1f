import Tenancy

extension BooksState {
    /// A waiting request and what became of it.
    struct Woken {
        let waiting: Waiting
        let decision: Ledger.Decision
    }

    enum Queueing {
        /// The queues are full.
        case full
        case queued
        /// It could be decided at once.
        case decided(Ledger.Decision)
    }

    /// Queues a claim, or decides it at once when that has become possible.
    mutating func queue(_ waiting: Waiting) -> Queueing {
        let book = book(of: waiting.claim.tenant.id)
        guard book.waiting < Self.waitingPerTenant, self.waiting < Self.waitingInAll else { return .full }
        let manner = Manner(at: waiting.claim.admittedAt, ticket: waiting.ticket)
        if let decision = place(waiting, judge(waiting.claim, manner)) {
            waiting.isOver = true
            return .decided(decision)
        }
        book.waiting += 1
        self.waiting += 1
        return .queued
    }

    /// Takes a request out of its queue; false when it is decided already.
    mutating func leaveQueue(_ waiting: Waiting) -> Bool {
        guard !waiting.isOver else { return false }
        waiting.isOver = true
        if let owner = waiting.queue, owner.queue.remove(waiting) {
            waiting.queue = nil
            touch(owner)
        }
        book(of: waiting.claim.tenant.id).waiting -= 1
        self.waiting -= 1
        return true
    }

    /// Looks at the queues that may move, in order of arrival, until `limit` requests are decided.
    mutating func pump(at instant: Timestamp, limit: Int) -> [Woken] {
        var woken: [Woken] = []
        while woken.count < limit, let owner = dirty.popLast() {
            owner.isDirty = false
            while let first = owner.queue.first {
                if woken.count >= limit {
                    touch(owner)
                    break
                }
                let manner = Manner(at: max(first.claim.admittedAt, instant), ticket: first.ticket)
                let verdict = judge(first.claim, manner)
                if case .blocked(let blocker, _) = verdict, blocker === owner { break }
                _ = owner.queue.remove(first)
                guard let decision = place(first, verdict) else { continue }
                first.isOver = true
                book(of: first.claim.tenant.id).waiting -= 1
                waiting -= 1
                woken.append(Woken(waiting: first, decision: decision))
            }
        }
        return woken
    }

    /// Turns a verdict into a decision, or puts the request into the queue of the budget that blocks it.
    private func place(_ waiting: Waiting, _ verdict: Verdict) -> Ledger.Decision? {
        waiting.queue = nil
        if case .blocked(let owner, _) = verdict {
            owner.queue.insert(waiting)
            waiting.queue = owner
            return nil
        }
        return Self.decision(verdict, waiting.claim)
    }

    static func decision(_ verdict: Verdict, _ claim: Ledger.Claim) -> Ledger.Decision {
        switch verdict {
        case .granted(let hold):
            .held(Reservation(claim: claim, hold: hold))
        case .blocked(let owner, let window):
            .short(Ledger.Shortage(state: owner.state(of: window), waitingHelps: true))
        case .hopeless(let owner, let window):
            .short(Ledger.Shortage(state: owner.state(of: window), waitingHelps: false))
        }
    }
}
