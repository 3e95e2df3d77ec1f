import Tenancy

extension BooksState {
    /// How a claim is judged beside its figures.
    struct Manner {
        /// The instant it is admitted at, unless its windows begin later.
        var at: Timestamp
        /// Its turn among those that wait; nil for one that has not queued.
        var ticket: UInt64?
        /// Takes what is free without regard to those that queued before.
        var overtakes = false
        /// Takes less than it could have by waiting, down to the least it wants.
        var takesWhatIsFree = false
        /// The hold it replaces, and what that one will cost.
        var replacing: Hold?
        var replacedCost = Money.zero
    }

    enum Verdict {
        case granted(Hold)
        /// Live holds or earlier requests are in the way, in this budget.
        case blocked(BudgetAccount, WindowAccount)
        /// The money is spent.
        case hopeless(BudgetAccount, WindowAccount)
    }

    /// Holds the claim in every budget that matches, or takes nothing.
    mutating func judge(_ claim: Ledger.Claim, _ manner: Manner) -> Verdict {
        let book = book(of: claim.tenant.id)
        let at = gather(claim, book, manner)
        let wanted = claim.wanted.line
        if wanted == .zero {
            return .granted(grant(.zero, claim, book, at, manner))
        }
        let least = min(max(claim.atLeast, .zero), wanted)
        var ceiling = wanted
        for candidate in candidates {
            guard let owner = candidate.account.owner, owner.isHard else { continue }
            if candidate.ceiling < least { return .hopeless(owner, candidate.account) }
            ceiling = min(ceiling, candidate.ceiling)
        }
        var target = ceiling
        for candidate in candidates {
            guard let owner = candidate.account.owner, owner.isHard else { continue }
            if !manner.overtakes, let first = owner.queue.first, manner.ticket.map({ first.ticket < $0 }) ?? true {
                return .blocked(owner, candidate.account)
            }
            if candidate.free >= target { continue }
            guard manner.takesWhatIsFree, candidate.free >= least else {
                return .blocked(owner, candidate.account)
            }
            target = candidate.free
        }
        return .granted(grant(target, claim, book, at, manner))
    }

    /// Collects the accounts the claim counts in. An instant before a budget's oldest window moves up to its start,
    /// so that the entry, the windows and a recount from the ledger all agree.
    private mutating func gather(_ claim: Ledger.Claim, _ book: TenantBook, _ manner: Manner) -> Timestamp {
        // A claim that waited while its month was closed belongs to the next one.
        var at = manner.replacing?.admittedAt ?? max(manner.at, closedUntil)
        var found: [Candidate] = []
        swap(&found, &candidates)
        var rolled: [BudgetAccount] = []
        var isComplete = false
        while !isComplete {
            isComplete = true
            found.removeAll(keepingCapacity: true)
            book.forEachMatch(keyID: claim.keyID, model: claim.model, pool: claim.pool) { owner in
                let share = manner.replacing?.shares.first {
                    $0.account.owner === owner && $0.account.window.contains(at)
                }
                // A further attempt belongs to the instant of the first: budgets that began later do not count it.
                if manner.replacing != nil, share == nil, at < owner.since { return }
                guard let account = share?.account ?? owner.account(at: at) else {
                    // The window that is kept is later: start over from there.
                    at = max(at, owner.current.window.start)
                    isComplete = false
                    return
                }
                if owner.hasRolledUnseen { rolled.append(owner) }
                owner.cap(account, at: at)
                var ceiling = account.account.ceiling
                var free = account.account.headroom
                if let share {
                    ceiling -= manner.replacedCost
                    free = free + share.amount - manner.replacedCost
                }
                found.append(Candidate(account: account, ceiling: ceiling, free: free))
            }
        }
        swap(&found, &candidates)
        for owner in rolled {
            owner.hasRolledUnseen = false
            touch(owner)
        }
        return at
    }

    private mutating func grant(
        _ amount: Money,
        _ claim: Ledger.Claim,
        _ book: TenantBook,
        _ at: Timestamp,
        _ manner: Manner
    ) -> Hold {
        let hold = Hold(claim, amount: amount, admittedAt: at)
        hold.shares.reserveCapacity(candidates.count)
        for candidate in candidates {
            let account = candidate.account
            if account.owner?.budget.mode == .shadow, candidate.free < amount {
                account.wouldRefuse &+= 1
                account.unsavedWouldRefuse &+= 1
            }
            if let old = manner.replacing { shrink(old, in: account, by: amount, downTo: manner.replacedCost) }
            account.account.hold(amount)
            hold.shares.append(Hold.Share(account: account, amount: amount))
        }
        candidates.removeAll(keepingCapacity: true)
        book.enter(hold)
        live += 1
        book.watermark = max(book.watermark, at)
        return hold
    }

    /// Makes room for the hold that replaces `old`, and keeps what the difference and the old one's cost need until
    /// the swap is stored: a crash in between leaves the whole old hold behind.
    private func shrink(_ old: Hold, in account: WindowAccount, by amount: Money, downTo cost: Money) {
        guard let index = old.shares.firstIndex(where: { $0.account === account }) else { return }
        let held = old.shares[index].amount
        let kept = min(held, max(held - amount, cost))
        account.account.release(held - kept)
        old.shares[index].amount = kept
    }
}
