import Tenancy

extension BooksState {
    /// Marks an account whose spend has come to its next threshold.
    @inline(__always)
    mutating func note(_ account: WindowAccount) {
        if account.account.posted >= account.alertAt { markForAlerts(account) }
    }

    /// Marks an account to be looked at for alerts, for whatever reason.
    mutating func markForAlerts(_ account: WindowAccount) {
        // Nothing more is marked for it until it was looked at.
        account.alertAt = WindowAccount.never
        alerting.append(account)
    }

    /// Marks a budget's window because what its spend is compared with has changed. One that is over and that no call
    /// has rolled yet had another limit.
    mutating func markForAlerts(_ owner: BudgetAccount, at instant: Timestamp) {
        if !owner.isOver(at: instant) { markForAlerts(owner.current) }
    }

    /// What the marked accounts have to say; they are marked again at their next threshold.
    mutating func takeAlertChecks(atMost limit: Int, at instant: Timestamp) -> [AlertCheck] {
        let marked = Array(alerting.prefix(limit))
        alerting.removeFirst(marked.count)
        return marked.compactMap { account in
            guard let owner = account.owner else { return nil }
            return check(account, of: owner, at: instant)
        }
    }

    /// What these budgets have to say of their windows of the moment and of those that ended a little while ago.
    mutating func alertChecks(_ names: some Sequence<ID<Budget>>, at instant: Timestamp) -> [AlertCheck] {
        var checks: [AlertCheck] = []
        for name in names {
            guard let owner = budgets[name] else { continue }
            // The last calls of a window that is over may have ended while nobody looked. To look rolls none.
            for account in owner.windows {
                guard account.window.start <= instant,
                    instant < account.window.end.adding(milliseconds: Self.lateMS),
                    let found = check(account, of: owner, at: instant)
                else { continue }
                checks.append(found)
            }
        }
        return checks
    }

    /// Remembers what was raised, so that it is not asked for again.
    func raised(_ check: AlertCheck) {
        account(of: check)?.alerted.formUnion(check.alerts.map(\.name))
    }

    /// Marks the account of a check anew, because what it found could not be stored.
    mutating func markAgain(_ check: AlertCheck) {
        if let account = account(of: check) { markForAlerts(account) }
    }

    private func account(of check: AlertCheck) -> WindowAccount? {
        let found = account(AccountKey(budget: check.budget.id, windowStart: check.window.start))
        return found?.window == check.window ? found : nil
    }

    /// An hour: longer than a restart takes.
    static let lateMS: Int64 = 3_600_000

    private func check(_ account: WindowAccount, of owner: BudgetAccount, at instant: Timestamp) -> AlertCheck? {
        let budget = owner.budget
        let limit = owner.limit(in: account, at: instant)
        let posted = account.account.posted
        account.alertAt = AlertRule.next(budget, limit: limit, posted: posted) ?? WindowAccount.never
        var alerts = AlertRule.alerts(budget, limit: limit, posted: posted, window: account.window, at: instant)
        alerts.removeAll { account.alerted.contains($0.name) }
        if alerts.isEmpty { return nil }
        return AlertCheck(budget: budget, window: account.window, limit: limit, posted: posted, alerts: alerts)
    }
}
