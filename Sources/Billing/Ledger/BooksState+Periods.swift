import Tenancy

extension BooksState {
    /// Whether a call that was admitted in the month is still under way.
    func hasLiveHold(in month: BillingPeriod) -> Bool {
        liveHolds(in: month) > 0
    }

    /// The calls under way that were admitted in the month.
    func liveHolds(in month: BillingPeriod) -> Int {
        if live == 0 { return 0 }
        return tenants.values.reduce(0) { count, book in
            count + book.live.count { month.start <= $0.admittedAt && $0.admittedAt < month.end }
        }
    }

    /// Lets nothing more into a month that is about to be closed; false while a call that it admitted is under way.
    mutating func seal(_ month: BillingPeriod) -> Bool {
        guard !hasLiveHold(in: month) else { return false }
        closedUntil = max(closedUntil, month.end)
        return true
    }

    /// Where an amount that comes late or corrects counts: at `now`, or at the next instant that is in no closed month
    /// and before no window of the budgets that match; and the accounts of that instant.
    func booking(
        of scope: (tenantID: ID<Tenant>, keyID: ID<APIKey>?, model: String, pool: String),
        at now: Timestamp
    ) -> (at: Timestamp, keys: [AccountKey]) {
        var at = max(now, closedUntil)
        guard let book = tenants[scope.tenantID] else { return (at, []) }
        at = max(at, book.watermark)
        var keys: [AccountKey] = []
        var isComplete = false
        while !isComplete {
            isComplete = true
            keys = []
            book.forEachMatch(keyID: scope.keyID ?? ID(""), model: scope.model, pool: scope.pool) { owner in
                guard let account = owner.account(at: at) else {
                    at = max(at, owner.current.window.start)
                    isComplete = false
                    return
                }
                keys.append(AccountKey(budget: owner.budget.id, windowStart: account.window.start))
            }
        }
        return (at, keys)
    }

    /// Posts a committed amount to accounts; below zero gives headroom back.
    mutating func post(_ amount: Money, to keys: [AccountKey]) {
        for key in keys {
            guard let account = account(key) else { continue }
            account.account.posted += amount
            note(account)
            touch(account.owner)
        }
    }

    /// The account that the database names so, if it is still counted in.
    func account(_ key: AccountKey) -> WindowAccount? {
        budgets[key.budget]?.windows.first { $0.window.start == key.windowStart }
    }
}
