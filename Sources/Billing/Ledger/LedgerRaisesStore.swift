public import GRDB
public import Tenancy

extension Ledger {
    // MARK: Temporary raises, inside `Journal.write`

    /// Stores a raise and returns all that run for its budget. Hand them to `committed(_:of:)` after the commit.
    public func insert(_ raise: BudgetRaise, _ db: Database) throws -> [BudgetRaise] {
        try BudgetRaiseStore.insert(raise, db)
        return try BudgetRaiseStore.running(db, budget: raise.budgetID, at: raise.createdAt)
    }

    /// Ends a raise before its time and returns those that still run for its budget. Hand them to `committed(_:of:)`
    /// after the commit. Throws `BillingError.notFound` when it does not run.
    public func end(
        _ raise: ID<BudgetRaise>,
        of budget: ID<Budget>,
        at now: Timestamp,
        _ db: Database
    ) throws -> [BudgetRaise] {
        try BudgetRaiseStore.end(raise, of: budget, at: now, db)
        return try BudgetRaiseStore.running(db, budget: budget, at: now)
    }

    /// Takes over the raises of a budget; call it on the writer's thread, in `committed` of `Journal.write`. Requests
    /// that wait for the budget are judged again.
    public func committed(_ raises: [BudgetRaise], of budget: ID<Budget>) {
        let now = time.now()
        books.withLock { $0.install(raises, of: budget, at: now) }
    }
}
