import Tenancy

/// A budget with its accounts and the requests that wait for it. Touched only while the lock of `Books` is taken.
final class BudgetAccount {
    private(set) var budget: Budget
    private(set) var isHard: Bool
    /// Raises that run, or ran out within a day.
    private(set) var raises: [BudgetRaise] = []
    let zone: CalendarZone
    let model: String?
    let pool: String?
    /// Windows that begin earlier are not accounted: the budget was made, or began to count so, in this one.
    let since: Timestamp
    private(set) var current: WindowAccount
    /// The window it was in before, for requests that were admitted in it but ask late, and a clock that is set back.
    private(set) var previous: WindowAccount?
    /// The window right before the current one, if it is another than the previous: somebody may ask late for it too.
    private var skipped: WindowAccount?
    var queue = WaitQueue()
    /// Whether `Books` has it on the list of queues to look at.
    var isDirty = false
    /// The window rolled, and those who wait have not been looked at since.
    var hasRolledUnseen = false

    init(_ budget: Budget, zone: CalendarZone, since: Timestamp, window: BudgetWindow, posted: Money) {
        self.budget = budget
        isHard = budget.mode == .hard
        self.zone = zone
        self.since = since
        model = budget.model
        pool = budget.pool
        current = WindowAccount(owner: nil, window: window, account: Account(cap: budget.limit, posted: posted))
        current.owner = self
    }

    /// All windows that are counted in, the newest first.
    var windows: [WindowAccount] { [current, skipped, previous].compactMap(\.self) }

    /// Changes what does not change what is counted: limit, mode, alerts.
    func change(to budget: Budget, at now: Timestamp) {
        keepLimits(at: now)
        self.budget = budget
        isHard = budget.mode == .hard
    }

    /// Raises that ran out not long ago, the newest of them. A further attempt of a call that was admitted while one
    /// ran is judged by it still.
    func raisesRunOut(at now: Timestamp) -> [BudgetRaise] {
        let forgotten = now.adding(milliseconds: -BudgetRaise.rememberedMS)
        let runOut = raises.filter { forgotten < $0.until && $0.until <= now }
        return Array(runOut.suffix(BudgetRaise.runningAtMost))
    }

    /// Replaces the raises; those that are over do no harm.
    func change(raises: [BudgetRaise], at now: Timestamp) {
        keepLimits(at: now)
        begin(with: raises)
    }

    /// The raises there are when the budget begins to be counted.
    func begin(with raises: [BudgetRaise]) {
        self.raises = raises
    }

    /// What may be spent in a window by requests of the instant.
    func limit(at instant: Timestamp) -> Money {
        raises.reduce(budget.limit) { limit, raise in raise.isRunning(at: instant) ? max(limit, raise.limit) : limit }
    }

    /// What may be spent in a window; of one that is over, as its raises were at its end.
    func limit(in account: WindowAccount, at instant: Timestamp) -> Money {
        let end = account.window.end
        guard end <= instant else { return limit(at: instant) }
        if let limit = account.lastLimit { return limit }
        let last = Timestamp(microseconds: end.microseconds - 1)
        return raises.reduce(budget.limit) { limit, raise in
            raise.createdAt <= last && raise.isRunning(at: last) ? max(limit, raise.limit) : limit
        }
    }

    /// Gives an account, of whatever window, the cap of the instant it is about to be judged at.
    @inline(__always)
    func cap(_ window: WindowAccount, at instant: Timestamp) {
        window.account.cap = limit(at: instant)
    }

    /// A change does not change what the limit was at the end of a window that is over.
    private func keepLimits(at now: Timestamp) {
        for account in windows where account.window.end <= now { account.lastLimit = limit(in: account, at: now) }
    }

    /// Puts back the window it was in before the current one, as read from the database.
    func restorePrevious(_ window: BudgetWindow, posted: Money) {
        previous = WindowAccount(
            owner: self, window: window, account: Account(cap: budget.limit, posted: posted)
        )
    }

    /// Whether the current window has ended.
    func isOver(at instant: Timestamp) -> Bool { instant >= current.window.end }

    /// The account an instant counts in, rolling the window when it is over; nil for an instant too far back. Its cap
    /// is not yet that of the instant.
    func account(at instant: Timestamp) -> WindowAccount? {
        if isOver(at: instant) { roll(to: instant) }
        if current.window.contains(instant) { return current }
        if let previous, previous.window.contains(instant) { return previous }
        if let skipped, skipped.window.contains(instant) { return skipped }
        return nil
    }

    /// The same for whoever only looks, and rolls nothing: a clock that is ahead for a moment must not move a window in
    /// which no call came. An account of a later window is made for the look.
    private func peek(at instant: Timestamp) -> WindowAccount? {
        isOver(at: instant) ? laterAccount(at: instant) : account(at: instant)
    }

    /// The account of an old window, for a hold that a crash left in it; nil before the budget counted.
    func account(forUncertainAt instant: Timestamp) -> WindowAccount? {
        if let known = account(at: instant) { return known }
        let window = BudgetWindow(budget.window, containing: instant, in: zone)
        guard window.start >= since else { return nil }
        let past = WindowAccount(owner: self, window: window, account: Account(cap: budget.limit))
        // What was spent in that window is not read back: of its thresholds it can say nothing.
        past.alertAt = WindowAccount.never
        return past
    }

    func state(at instant: Timestamp) -> BudgetState {
        let window = peek(at: instant) ?? current
        cap(window, at: instant)
        return state(of: window, raises: raises.filter { $0.isRunning(at: instant) })
    }

    func state(of window: WindowAccount, raises: [BudgetRaise] = []) -> BudgetState {
        let isTotal = budget.window == .total
        let account = window.account
        return BudgetState(
            budget: budget, limit: account.cap, raises: raises, posted: account.posted,
            held: account.held + account.uncertain, remaining: account.headroom,
            windowStart: isTotal ? nil : window.window.start, resetsAt: isTotal ? nil : window.window.end,
            wouldRefuse: window.wouldRefuse
        )
    }

    /// Forgets the owner so that nothing more is stored for it and no cycle keeps it alive.
    func detach() {
        for window in windows { window.owner = nil }
    }

    private func roll(to instant: Timestamp) {
        guard let next = laterAccount(at: instant) else { return }
        skipped = laterAccount(at: Timestamp(microseconds: next.window.start.microseconds - 1))
        previous = current
        current = next
        hasRolledUnseen = true
    }

    /// An account of the window of an instant, if it is a later one.
    private func laterAccount(at instant: Timestamp) -> WindowAccount? {
        let window = BudgetWindow(budget.window, containing: instant, in: zone)
        guard window.start >= current.window.end, window.contains(instant) else { return nil }
        return WindowAccount(owner: self, window: window, account: Account(cap: budget.limit))
    }
}
