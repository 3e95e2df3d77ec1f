import Tenancy

extension BooksState {
    /// Takes over a committed budget. Runs on the writer's thread right after the commit, so the roll-ups that `posted`
    /// comes from hold exactly the attempts that are no longer live.
    mutating func install(_ opened: BudgetOpening, at now: Timestamp) {
        let budget = opened.budget
        opening.remove(budget.id)
        let old = budgets[budget.id]
        guard let fresh = opened.fresh else {
            old?.change(to: budget, at: now)
            touch(old)
            if let old { markForAlerts(old, at: now) }
            return
        }
        let account = BudgetAccount(
            budget, zone: fresh.zone, since: fresh.window.start, window: fresh.window, posted: fresh.posted
        )
        if let old {
            account.begin(with: old.raises)
            uninstall(old)
        }
        let book = book(of: budget.tenantID)
        add(account, to: book)
        markForAlerts(account.current)
        for hold in book.live where budget.matches(keyID: hold.keyID, model: hold.model, pool: hold.pool) {
            guard let window = account.account(at: hold.admittedAt) else { continue }
            window.account.hold(hold.amount)
            hold.shares.append(Hold.Share(account: window, amount: hold.amount))
        }
        for hold in uncertain.values where hold.tenantID == budget.tenantID { countUncertain(hold, in: account) }
        if let old { moveQueue(from: old, to: account) }
    }

    /// Takes over the committed raises of a budget. One that was ended by hand is gone at once.
    mutating func install(_ raises: [BudgetRaise], of id: ID<Budget>, at now: Timestamp) {
        guard let account = budgets[id] else { return }
        account.change(raises: account.raisesRunOut(at: now) + raises, at: now)
        touch(account)
        markForAlerts(account, at: now)
    }

    mutating func add(_ account: BudgetAccount, to book: TenantBook) {
        book.add(account)
        budgets[account.budget.id] = account
        budgetIDs.insert(account.budget.id)
    }

    mutating func remove(_ id: ID<Budget>) {
        opening.remove(id)
        guard let account = budgets[id] else { return }
        uninstall(account)
        // Those that waited for it are judged again without it.
        moveQueue(from: account, to: account)
    }

    /// Counts an uncertain hold in the window it was admitted in, if the budget has it.
    func countUncertain(_ hold: Hold, in account: BudgetAccount) {
        let budget = account.budget
        guard budget.matches(keyID: hold.keyID, model: hold.model, pool: hold.pool),
            let window = account.account(forUncertainAt: hold.admittedAt)
        else { return }
        window.account.holdUncertain(hold.amount)
        hold.shares.append(Hold.Share(account: window, amount: hold.amount))
    }

    private mutating func uninstall(_ account: BudgetAccount) {
        let book = book(of: account.budget.tenantID)
        book.remove(account)
        budgets[account.budget.id] = nil
        budgetIDs.remove(account.budget.id)
        for hold in book.live { hold.shares.removeAll { $0.account.owner === account } }
        for hold in uncertain.values where hold.tenantID == account.budget.tenantID {
            hold.shares.removeAll { $0.account.owner === account }
        }
        account.detach()
    }

    private mutating func moveQueue(from old: BudgetAccount, to new: BudgetAccount) {
        if old !== new {
            while let waiting = old.queue.first, old.queue.remove(waiting) {
                new.queue.insert(waiting)
                waiting.queue = new
            }
        }
        touch(new)
    }
}
