import Tenancy

/// What the lock of `Books` guards: every account, hold and waiting request in memory.
///
/// Unchecked because it is reached only through that lock, and nothing in it that is not Sendable leaves it.
struct BooksState: @unchecked Sendable {
    /// Requests that may wait, for one tenant and in all.
    static let waitingPerTenant = 1024
    static let waitingInAll = 16_384

    /// One budget's part in judging a claim.
    struct Candidate {
        let account: WindowAccount
        /// Headroom if all live holds were released.
        let ceiling: Money
        /// Headroom now.
        let free: Money
    }

    var tenants: [ID<Tenant>: TenantBook] = [:]
    var uncertain: [HoldID: Hold] = [:]
    var budgets: [ID<Budget>: BudgetAccount] = [:]
    /// The keys of `budgets`, to be shared with those who must not keep the lock.
    var budgetIDs: Set<ID<Budget>> = []
    /// Accounts that may have to alert.
    var alerting: [WindowAccount] = []
    /// Budgets whose queue may move.
    var dirty: [BudgetAccount] = []
    /// Live holds of all tenants.
    var live = 0
    var tickets: UInt64 = 0
    var waiting = 0
    /// The end of the latest closed month: nothing new is admitted or booked before it.
    var closedUntil = Timestamp(microseconds: 0)
    /// Budgets a transaction that is not committed yet has touched.
    var opening: Set<ID<Budget>> = []
    var counters = LedgerCounters()
    /// Reused by every claim so that judging one allocates nothing.
    var candidates: [Candidate] = []

    mutating func book(of tenant: ID<Tenant>) -> TenantBook {
        if let book = tenants[tenant] { return book }
        let book = TenantBook()
        tenants[tenant] = book
        return book
    }

    /// Puts a budget's queue on the list if anyone waits in it.
    mutating func touch(_ account: BudgetAccount?) {
        guard let account, !account.isDirty, !account.queue.isEmpty else { return }
        account.isDirty = true
        dirty.append(account)
    }

    /// Gives back a live hold as if it had never been; false when it was given back before.
    @discardableResult
    mutating func giveBack(_ hold: Hold) -> Bool {
        guard let book = hold.book, book.leave(hold) else { return false }
        live -= 1
        for share in hold.shares {
            share.account.account.release(share.amount)
            touch(share.account.owner)
        }
        hold.shares = []
        return true
    }

    /// Replaces a live hold by what it cost in every account it counts in.
    mutating func settle(_ hold: Hold, cost: Money) {
        guard let book = hold.book, book.leave(hold) else { return }
        live -= 1
        for share in hold.shares {
            share.account.account.settle(holding: share.amount, cost: cost)
            note(share.account)
            touch(share.account.owner)
        }
        hold.shares = []
    }

    /// Replaces an uncertain hold by what it is charged.
    mutating func resolve(_ id: HoldID, charge: Money) {
        guard let hold = uncertain.removeValue(forKey: id) else { return }
        for share in hold.shares {
            share.account.account.resolve(holding: share.amount, charge: charge)
            note(share.account)
            touch(share.account.owner)
        }
        hold.shares = []
    }

    /// The accounts a hold counts in, as the database names them.
    func keys(of hold: Hold) -> [AccountKey] {
        hold.shares.compactMap { share in
            share.account.owner.map {
                AccountKey(budget: $0.budget.id, windowStart: share.account.window.start)
            }
        }
    }

    /// Adds the accounts a hold counts in to what a batch posts to, and takes what shadow budgets would have refused.
    /// `known` has the places of those that are there.
    func add(_ hold: Hold, to snapshot: inout LedgerBatchStore.Snapshot, _ known: inout [ObjectIdentifier: Int]) {
        for share in hold.shares {
            let account = share.account
            guard let owner = account.owner else { continue }
            if let place = known[ObjectIdentifier(account)] {
                snapshot.places.append(place)
                continue
            }
            let key = AccountKey(budget: owner.budget.id, windowStart: account.window.start)
            known[ObjectIdentifier(account)] = snapshot.accounts.count
            snapshot.places.append(snapshot.accounts.count)
            snapshot.accounts.append(.init(key: key, wouldRefuse: account.unsavedWouldRefuse))
            account.unsavedWouldRefuse = 0
        }
    }
}
