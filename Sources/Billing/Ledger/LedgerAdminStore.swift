public import GRDB
import Logging
public import Tenancy

extension Ledger {
    // MARK: Budgets, inside `Journal.write`

    /// Stores a new budget with its account. Hand the result to `committed` after the commit.
    /// Throws `BillingError.twin` when one with the same scopes, window and mode exists.
    public func insert(_ budget: Budget, _ db: Database) throws -> BudgetOpening {
        try BillingStore.insert(budget, db)
        return try open(budget, db)
    }

    /// Stores a changed budget; other scopes or another window make it count anew from the roll-ups. Hand the result to
    /// `committed` after the commit. Throws `BillingError.notFound` or `.twin`.
    public func update(_ budget: Budget, _ db: Database) throws -> BudgetOpening {
        try BillingStore.update(budget, db)
        let current = books.withLock { state in
            state.opening.contains(budget.id) ? nil : state.budgets[budget.id]?.budget
        }
        if let current, current.countsLike(budget) { return BudgetOpening(budget: budget, fresh: nil) }
        return try open(budget, db)
    }

    /// Counts all budgets of a tenant anew after its zone changed in the same transaction. Hand each result to
    /// `committed` after the commit.
    public func rezone(_ tenant: ID<Tenant>, _ db: Database) throws -> [BudgetOpening] {
        try BillingStore.budgets(db, tenant: tenant).map { budget in
            let opened = try open(budget, db)
            try keepMarks(opened, db)
            return opened
        }
    }

    /// What was alerted in an old window, and is reached in the new one that overlaps it, is not told again.
    private func keepMarks(_ opened: BudgetOpening, _ db: Database) throws {
        let (budget, now) = (opened.budget, time.now())
        let old = books.withLock { state in
            state.budgets[budget.id].map { (windows: $0.windows.map(\.window), limit: $0.limit(at: now)) }
        }
        guard let old, let fresh = opened.fresh else { return }
        let alerts = AlertRule.alerts(
            budget, limit: old.limit, posted: fresh.posted, window: fresh.window, at: now)
        for window in old.windows where window.start < fresh.window.end && fresh.window.start < window.end {
            for alert in alerts {
                try AlertMarksStore.copy(alert, of: budget.id, from: window.start, to: fresh.window.start, db)
            }
        }
    }

    /// Takes over a stored budget; call it on the writer's thread, in `committed` of `Journal.write`.
    public func committed(_ opening: BudgetOpening) {
        let now = time.now()
        books.withLock { $0.install(opening, at: now) }
    }

    /// Forgets a budget whose deletion is committed; call it on the writer's thread.
    public func removed(_ budget: ID<Budget>) {
        books.withLock { $0.remove(budget) }
    }

    /// Starts a budget's account from what the roll-ups of the transaction say was spent in its current window.
    private func open(_ budget: Budget, _ db: Database) throws -> BudgetOpening {
        // Never before an instant that something of the tenant was admitted at, so that no live hold is ahead of the
        // window. What others did while the clock was ahead is nothing to it.
        let now = books.withLock { state in
            state.opening.insert(budget.id)
            return max(time.now(), state.book(of: budget.tenantID).watermark)
        }
        let zone = try Self.zone(of: budget, LedgerStore.zoneNames(db, tenant: budget.tenantID))
        let window = BudgetWindow(budget.window, containing: now, in: zone)
        let posted = try LedgerStore.posted(budget, window, db)
        try LedgerStore.replaceAccounts(of: budget.id, windowStart: window.start, posted: posted, db)
        return BudgetOpening(budget: budget, fresh: BudgetOpening.Fresh(zone: zone, window: window, posted: posted))
    }

    // MARK: Starting

    func load() throws {
        let now = time.now()
        let leftovers = try holds.leftovers()
        let closed = try file.read { try PeriodStore.closed($0) }.map(\.month.end).max()
        let (accounts, uncertain) = try file.pool.write { db in
            try LedgerStore.keepLeftovers(leftovers, db)
            let zones = try LedgerStore.zoneNames(db)
            // Those that ran out a moment ago too: alerts of a window that has just ended are judged by them.
            let since = now.adding(milliseconds: -BooksState.lateMS)
            let raises = Dictionary(grouping: try BudgetRaiseStore.running(db, at: since), by: \.budgetID)
            let accounts = try BillingStore.budgets(db).map { budget -> (Budget, BudgetAccount) in
                let account = try account(of: budget, zones, now, db)
                if account.budget == budget { account.begin(with: raises[budget.id] ?? []) }
                return (budget, account)
            }
            return (accounts, try LedgerStore.uncertainHolds(db))
        }
        try holds.reset()
        books.withLock { state in
            if let closed { state.closedUntil = closed }
            for (budget, account) in accounts { state.add(account, to: state.book(of: budget.tenantID)) }
            for stored in uncertain {
                let hold = Hold(stored)
                state.uncertain[stored.id] = hold
                for account in state.book(of: stored.tenantID).all { state.countUncertain(hold, in: account) }
            }
        }
        if !uncertain.isEmpty {
            logger.warning("holds of an earlier process are uncertain", metadata: ["count": "\(uncertain.count)"])
        }
    }

    private func account(
        of stored: Budget,
        _ zones: [ID<Tenant>: String],
        _ now: Timestamp,
        _ db: Database
    ) throws -> BudgetAccount {
        var budget = stored
        let zone: CalendarZone
        if let known = zones[budget.tenantID].flatMap({ CalendarZone(identifier: $0) }) {
            zone = known
        } else {
            // One odd row must not keep the others from being served: its own tenant spends nothing.
            logger.critical("a budget's time zone is unknown", metadata: ["budget": "\(budget.id)"])
            zone = .utc
            budget.limit = .zero
            budget.mode = .hard
        }
        let (rows, oldest) = try LedgerStore.newestAccounts(of: budget.id, db)
        guard let newest = rows.first, let oldest else { return try firstAccount(of: budget, zone, now, db) }
        let window = BudgetWindow(budget.window, containing: newest.start, in: zone)
        // Where no window begins there any more, the zone's rules are others now, and so are its windows.
        guard window.start == newest.start else { return try firstAccount(of: budget, zone, now, db) }
        // The window it was last in, be it over or to come: the clock may be wrong, and the first call rolls it.
        let account = BudgetAccount(budget, zone: zone, since: oldest, window: window, posted: newest.posted)
        if let earlier = rows.dropFirst().first {
            let span = BudgetWindow(budget.window, containing: earlier.start, in: zone)
            account.restorePrevious(span, posted: earlier.posted)
        }
        return account
    }

    /// The account of a budget that has none of such a window: what the roll-ups say was spent in it.
    private func firstAccount(
        of budget: Budget, _ zone: CalendarZone, _ now: Timestamp, _ db: Database
    ) throws -> BudgetAccount {
        let window = BudgetWindow(budget.window, containing: now, in: zone)
        do {
            let posted = try LedgerStore.posted(budget, window, db)
            try LedgerStore.replaceAccounts(of: budget.id, windowStart: window.start, posted: posted, db)
            return BudgetAccount(budget, zone: zone, since: window.start, window: window, posted: posted)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            // Its id cannot be read as it is stored, so that nothing it counts could be kept: nothing may be spent.
            logger.critical("an id in budgets is damaged", metadata: ["tenant": "\(budget.tenantID)"])
            var nothing = budget
            nothing.limit = .zero
            nothing.mode = .hard
            return BudgetAccount(nothing, zone: zone, since: window.start, window: window, posted: .limitMaximum)
        }
    }

    private static func zone(of budget: Budget, _ zones: [ID<Tenant>: String]) throws -> CalendarZone {
        guard let name = zones[budget.tenantID] else { throw BillingError.unknownTenant(budget.tenantID.text) }
        guard let zone = CalendarZone(identifier: name) else { throw BillingError.unknownZone(name) }
        return zone
    }
}
