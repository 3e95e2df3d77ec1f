public import Logging
public import Tenancy

/// The only door to money: accounts in memory, made durable by the journal.
///
/// Every call may come from any thread and none waits for the disk.
public final class Ledger: Sendable {
    /// Budgets looked at in one go by whoever wants all of them.
    private static let statesPerTurn = 64

    let file: DatabaseFile
    let journal: Journal
    let books: Books
    let holds: HoldFile
    let room: DiskRoom
    let time: any TimeSource
    let logger: Logger

    /// Loads budgets, accounts and holds. Live holds that an earlier process left become uncertain and keep counting.
    /// Throws when the database cannot be read or written.
    public init(
        file: DatabaseFile, journal: Journal, time: any TimeSource, logger: Logger, room: DiskRoom? = nil
    ) throws {
        self.file = file
        self.journal = journal
        self.time = time
        self.logger = logger
        books = Books(time: time)
        holds = try HoldFile(path: file.path + ".holds")
        self.room = room ?? DiskRoom(path: file.path)
        try load()
        journal.attach(books, holds)
    }

    // MARK: Holding

    /// Holds a claim in all budgets that match, or nothing. It is not durable before `record` says so. Requests that
    /// queue for a budget come first, unless the tenant does not wait.
    public func reserve(_ claim: Claim) -> Decision {
        let manner = BooksState.Manner(at: claim.admittedAt, overtakes: claim.tenant.holdWaitMS <= 0)
        return books.withLock { BooksState.decision($0.judge(claim, manner), claim) }
    }

    /// Queues a claim that only live holds prevent. `wake` is called once, from any thread and perhaps before this
    /// returns: with the reservation, or with a shortage that waiting no longer helps. nil: the queues are full.
    public func wait(_ claim: Claim, wake: @escaping @Sendable (Decision) -> Void) -> Waiting? {
        let (waiting, queueing) = books.withLock { state -> (Waiting, BooksState.Queueing) in
            state.tickets += 1
            let waiting = Waiting(claim: claim, ticket: state.tickets, wake: wake)
            return (waiting, state.queue(waiting))
        }
        switch queueing {
        case .full: return nil
        case .queued: break
        case .decided(let decision): wake(decision)
        }
        return waiting
    }

    /// The wait is over: the claim leaves its queue and is tried once more, out of order, taking what is free if that
    /// is enough. nil: it was decided before, and `wake` has been or is being called.
    public func expire(_ waiting: Waiting) -> Decision? {
        let claim = waiting.claim
        let at = max(claim.admittedAt, time.now())
        let manner = BooksState.Manner(at: at, overtakes: true, takesWhatIsFree: true)
        return books.withLock { state -> Decision? in
            guard state.leaveQueue(waiting) else { return nil }
            return BooksState.decision(state.judge(claim, manner), claim)
        }
    }

    /// The client is gone: the claim leaves its queue. One that was granted already must be abandoned by its owner.
    public func cancel(_ waiting: Waiting) {
        books.withLock { state in _ = state.leaveQueue(waiting) }
    }

    /// Holds a claim for the next attempt as if `old` were released, less what `old` is known to cost. `old` stays held
    /// as far as it is needed until the swap is stored; on a shortage it stays as it was. Taking what is free, the
    /// claim gets less than it could have by waiting, as an `old` did whose wait was over.
    public func reswap(
        _ old: Reservation, costing cost: Money = .zero, takingWhatIsFree: Bool = false, _ claim: Claim
    ) -> Decision {
        let manner = BooksState.Manner(
            at: claim.admittedAt, overtakes: true, takesWhatIsFree: takingWhatIsFree, replacing: old.hold,
            replacedCost: cost.line
        )
        return books.withLock { BooksState.decision($0.judge(claim, manner), claim) }
    }

    /// Gives back a reservation whose call never went upstream; one that was recorded is released in the ledger.
    public func abandon(_ reservation: Reservation) {
        let hold = reservation.hold
        if hold.advance(from: .reserved, to: .gone) {
            books.withLock { state in _ = state.giveBack(hold) }
        } else if hold.isJournalled {
            settle(Settlement(reservation: reservation, outcome: .notSent, endedAt: time.now())) { _ in }
        }
    }

    // MARK: Recording

    /// Stores a hold; `then` hears nil once it survives the death of the process, before this returns, or a power cut
    /// too if the journal is told so, and then from the writer's thread. On an error the reservation has been given
    /// back.
    public func record(_ reservation: Reservation, then: @escaping @Sendable (LedgerError?) -> Void) {
        let hold = reservation.hold
        guard hold.advance(from: .reserved, to: .journalled) else { return then(.notLive) }
        do throws(LedgerError) {
            guard journal.takesHolds else { throw .unavailable("the ledger cannot be written") }
            guard room.isEnough(at: time.uptime()) else { throw .unavailable("the disk is almost full") }
            try holds.put(hold)
            guard journal.syncsHolds else { return then(nil) }
            guard journal.sync(JournalJob(next: hold, then: then)) else {
                holds.erase(hold)
                throw .unavailable("the ledger cannot be written")
            }
        } catch {
            books.giveBackUnwritten([hold])
            then(error)
        }
    }

    /// Stores the end of one attempt durably and then the hold of the next, which is not called before. On an error the
    /// next reservation has been given back, and the end of the old attempt is stored as soon as that is possible.
    public func recordSwap(
        finished old: Settlement,
        next: Reservation,
        then: @escaping @Sendable (LedgerError?) -> Void
    ) {
        let settlement = old.reservation.hold.beginSettling() ? old : nil
        guard next.hold.advance(from: .reserved, to: .journalled) else {
            if let settlement { _ = journal.end(JournalJob(settlement: settlement)) }
            return then(.notLive)
        }
        if journal.isWritable, journal.end(JournalJob(settlement: settlement, next: next.hold, then: then)) { return }
        books.giveBackUnwritten([next.hold])
        if let settlement { _ = journal.end(JournalJob(settlement: settlement)) }
        then(.unavailable("the ledger cannot be written"))
    }

    /// Stores the end of an attempt; `then` hears nil once it survives a power cut and the accounts have moved. On
    /// `unavailable` the journal keeps trying, because the money was spent. A second call changes nothing.
    public func settle(_ settlement: Settlement, then: @escaping @Sendable (LedgerError?) -> Void) {
        guard settlement.reservation.hold.beginSettling() else {
            books.withLock { $0.counters.duplicates += 1 }
            return then(nil)
        }
        if !journal.end(JournalJob(settlement: settlement, then: then)) {
            then(.unavailable("the journal is closed"))
        }
    }

    // MARK: Asking

    /// What the tightest hard budget of these scopes has left (limit less posted and held); nil when none matches.
    public func remaining(tenantID: ID<Tenant>, keyID: ID<APIKey>, model: String, pool: String) -> Money? {
        let now = time.now()
        return books.withLock { state in
            var least: Money?
            state.tenants[tenantID]?.forEachMatch(keyID: keyID, model: model, pool: pool) { account in
                guard account.isHard else { return }
                let remaining = account.state(at: now).remaining
                least = least.map { min($0, remaining) } ?? remaining
            }
            return least
        }
    }

    /// Whether a hard budget matches these scopes.
    public func isCapped(tenantID: ID<Tenant>, keyID: ID<APIKey>, model: String, pool: String) -> Bool {
        books.withLock { state in
            var isCapped = false
            state.tenants[tenantID]?.forEachMatch(keyID: keyID, model: model, pool: pool) { account in
                if account.isHard { isCapped = true }
            }
            return isCapped
        }
    }

    /// The states of a tenant's budgets, oldest budget first; with a key only those that apply to it.
    public func balance(tenantID: ID<Tenant>, keyID: ID<APIKey>?) -> [BudgetState] {
        let now = time.now()
        return books.withLock { state in
            let book = state.tenants[tenantID]
            let accounts = if let keyID { book?.budgets(of: keyID) } else { book?.all }
            return (accounts ?? []).map { $0.state(at: now) }
        }.sorted { $0.budget.id < $1.budget.id }
    }

    /// The states of the oldest budgets, at most `limit`, and how many others there are; for metrics. They are looked
    /// at a few at a time, so that no request waits for all of them.
    public func allStates(limit: Int = .max) -> (states: [BudgetState], leftOut: Int) {
        let now = time.now()
        let ids = books.withLock { $0.budgetIDs }.sorted()
        var rest = ids.prefix(limit)
        let leftOut = ids.count - rest.count
        var states: [BudgetState] = []
        states.reserveCapacity(rest.count)
        while !rest.isEmpty {
            let turn = rest.prefix(Self.statesPerTurn)
            rest = rest.dropFirst(turn.count)
            states += books.withLock { state in turn.compactMap { state.budgets[$0]?.state(at: now) } }
        }
        return (states, leftOut)
    }

    /// The state of one budget.
    public func state(_ budget: ID<Budget>) -> BudgetState? {
        let now = time.now()
        return books.withLock { $0.budgets[budget]?.state(at: now) }
    }

    /// The holds of live calls, oldest first; with a tenant only its own.
    public func liveHolds(tenantID: ID<Tenant>? = nil) -> [StoredHold] {
        books.withLock { state in
            let books = tenantID.map { state.tenants[$0].map { [$0] } ?? [] } ?? Array(state.tenants.values)
            return books.flatMap(\.live).map(\.row)
        }.sorted { ($0.admittedAt, $0.id.text) < ($1.admittedAt, $1.id.text) }
    }

    /// The holds a crash left behind, oldest first; with a tenant only its own.
    public func uncertainHolds(tenantID: ID<Tenant>? = nil) -> [StoredHold] {
        books.withLock { state in
            state.uncertain.values.filter { tenantID == nil || $0.tenantID == tenantID }.map(\.row)
        }.sorted { ($0.admittedAt, $0.id.text) < ($1.admittedAt, $1.id.text) }
    }

    /// What has been counted since the process started.
    public var counters: LedgerCounters {
        var counters = books.withLock { state in
            var counters = state.counters
            counters.liveHolds = state.live
            counters.uncertainHolds = state.uncertain.count
            counters.waiting = state.waiting
            return counters
        }
        counters.journal = journal.counters
        return counters
    }

    /// Whether holds can be recorded now.
    public var isWritable: Bool { journal.isWritable && room.isEnough(at: time.uptime()) }
}
