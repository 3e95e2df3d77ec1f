import GRDB
import Logging
import Tenancy

extension Ledger {
    /// Budgets looked at while the accounts are locked once.
    private static let checksPerLook = 64
    /// Budgets whose alerts share a transaction.
    private static let checksPerWrite = 64
    /// Marks of a kind that are removed in one transaction.
    private static let marksAtOnce = 500

    /// Raises what budgets have to alert: those whose spend came to a threshold since the last call, or with
    /// `sweeping` all of them, forecasts included. Each alert is raised once per window, whoever asks and how often.
    /// Throws `LedgerError.unavailable` when it cannot be stored; the next call tries again.
    public func raiseAlerts(sweeping: Bool = false) async throws {
        let now = time.now()
        var marked = books.withLock { $0.alerting.count }
        while marked > 0 {
            try await raise(books.withLock { $0.takeAlertChecks(atMost: Self.checksPerLook, at: now) }, at: now)
            marked -= Self.checksPerLook
        }
        guard sweeping else { return }
        var ids = Array(books.withLock { $0.budgetIDs })[...]
        while !ids.isEmpty {
            let some = ids.prefix(Self.checksPerLook)
            ids = ids.dropFirst(Self.checksPerLook)
            try await raise(books.withLock { $0.alertChecks(some, at: now) }, at: now)
        }
        try await raiseSpendOfAll(at: now)
    }

    /// Forgets which alerts were raised in windows that ended so many milliseconds ago, some at a time. Throws
    /// `LedgerError.unavailable`; the next call tries again.
    public func pruneAlertMarks(keptMS: Int64) async throws {
        let now = time.now()
        guard try file.read({ db in try AlertMarksStore.isPrunable(db, at: now, keptMS: keptMS) }) else { return }
        try await journal.write { db in
            try AlertMarksStore.prune(db, at: now, keptMS: keptMS, limit: Self.marksAtOnce)
        }
    }

    /// Over all tenants there is no account to mark; the roll-up over everybody is asked instead, of a month that has
    /// just ended too: its last calls may have ended while nobody looked.
    private func raiseSpendOfAll(at now: Timestamp) async throws {
        let month = BillingPeriod(containing: now)
        let late = BillingPeriod(containing: now.adding(milliseconds: -BooksState.lateMS))
        for month in late == month ? [month] : [late, month] { try await raiseSpendOfAll(in: month, at: now) }
    }

    private func raiseSpendOfAll(in month: BillingPeriod, at now: Timestamp) async throws {
        guard let look = try file.read({ db in try OrganizationAlertStore.look(db, month) }) else { return }
        let raised = try await journal.write { db in try OrganizationAlertStore.raise(look, at: now, db) }
        for alert in raised {
            logger.notice(
                "the spend of all tenants alerts",
                metadata: [
                    "alert": "\(alert.id)", "amount": "\(alert.amount.decimal)", "posted": "\(look.posted.decimal)",
                ])
        }
    }

    private func raise(_ checks: [AlertCheck], at now: Timestamp) async throws {
        var rest = checks[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.checksPerWrite))
            do {
                let books = books
                let raised = try await journal.write { db in
                    try some.map { try AlertStore.raise($0, at: now, db) }
                } committed: { _ in
                    books.withLock { state in for check in some { state.raised(check) } }
                }
                for (check, alerts) in zip(some, raised) { log(check, alerts) }
            } catch {
                let unwritten = rest
                books.withLock { state in for check in unwritten { state.markAgain(check) } }
                throw error
            }
            rest = rest.dropFirst(Self.checksPerWrite)
        }
    }

    private func log(_ check: AlertCheck, _ alerts: [AlertRule.Alert]) {
        for alert in alerts {
            logger.notice(
                "a budget alerts",
                metadata: [
                    "budget": "\(check.budget.id)", "tenant": "\(check.budget.tenantID)", "alert": "\(alert.name)",
                    "limit": "\(check.limit.decimal)", "posted": "\(check.posted.decimal)",
                ])
        }
    }
}
