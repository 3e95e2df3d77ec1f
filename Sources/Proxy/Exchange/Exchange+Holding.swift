import Billing
import Tenancy

/// Finds a backend with a free slot and the money for it, waiting for either, and writes the hold.
extension Exchange {
    /// Says where the request may go, before it looks for a backend the first time.
    func beginRouting(_ admission: Admission) {
        routing.key = principal.key.key.id.text
        // Two tenants with the same word share nothing.
        routing.promptHash = admission.ask.promptCacheHash.map {
            Affinity.join($0, Affinity.hash(principal.tenant.tenant.id.text))
        }
        openTargets()
        plane.router.admitted()
    }

    /// Forgets which targets lacked money: what is held has changed since.
    func reopenTargets() {
        unaffordable.removeAll()
        shortage = nil
        openTargets()
    }

    private func openTargets() {
        guard let admission else { return }
        routing.targets = admission.targets.indices.compactMap { index in
            if unaffordable.contains(index) || withdrawn.contains(index) { return nil }
            return RoutingAsk.Target(index: index, pool: admission.targets[index].pool)
        }
    }

    /// Looks for a slot among the targets whose hold may fit.
    func seek() {
        if lease != nil { return hold() }
        if plane.retries.areSpent(attempts) { return passThrough() }
        switch plane.router.acquire(routing) {
        case .lease(let found):
            lease = found
            hold()
        case .full(let target): waitForBackend(target)
        case .unavailable: passThrough()
        }
    }

    /// Nothing is available: emergency passthrough at a limited rate, behind every gate, and then the end.
    func passThrough() {
        // Who has no money for any target hears that, not that there is no backend: that one would be asked again.
        let isPaid = routing.targets.contains { takeMoneyFirst($0.index) }
        let lacking = failedAttempt == nil ? shortage : nil
        if let lacking, !isPaid {
            lackMoney(lacking.target, lacking.shortage)
        } else if emergencyAttempts < plane.router.settings.emergencyAttempts,
            let found = plane.router.acquireEmergency(routing, spent: spent)
        {
            lease = found
            hold()
        } else if let lacking, lacking.shortage.waitingHelps {
            lackMoney(lacking.target, lacking.shortage)
        } else {
            giveUp()
        }
    }

    /// Holds the money for the slot at hand, all matching budgets in one step or nothing.
    private func hold() {
        guard let admission, let lease else { return }
        let target = admission.targets[lease.target]
        let decision: Ledger.Decision
        if let failed = failedAttempt {
            // A hold that was trimmed at the end of a wait fits again as it was; the untrimmed one never would.
            let wasTrimmed = failed.reservation.amount < failed.reservation.claim.wanted
            decision = plane.ledger.reswap(
                failed.reservation, costing: failed.cost, takingWhatIsFree: wasTrimmed,
                admission.claim(target, attempt: admission.attempt + 1, backend: lease.backend))
        } else if let waited = admission.reservation {
            // Judged again in any case: a cap may have been lowered while the request waited.
            decision = plane.ledger.reswap(
                waited, takingWhatIsFree: waited.amount < waited.claim.wanted,
                admission.claim(target, attempt: admission.attempt, backend: lease.backend))
            // What it held of the budgets of another pool goes back.
            if case .held = decision { plane.ledger.abandon(waited) }
        } else {
            decision = plane.ledger.reserve(
                admission.claim(target, attempt: admission.attempt, backend: lease.backend))
        }
        switch decision {
        case .held(let reservation):
            record(reservation)
        case .short(let found):
            exclude(lease.target, found)
            releaseLease(.unused)
            seek()
        }
    }

    /// Takes the money for a target before the request waits for a slot there; false when it does not fit.
    private func takeMoneyFirst(_ target: Int) -> Bool {
        guard let admission, failedAttempt == nil, admission.reservation == nil else { return true }
        switch plane.ledger.reserve(admission.claim(admission.targets[target], attempt: admission.attempt)) {
        case .held(let reservation):
            admission.take(reservation)
            return true
        case .short(let found):
            exclude(target, found)
            return false
        }
    }

    /// Leaves out a target whose hold does not fit.
    private func exclude(_ target: Int, _ found: Ledger.Shortage) {
        if shortage == nil || shortage?.shortage.waitingHelps == false && found.waitingHelps {
            shortage = (target, found)
        }
        unaffordable.insert(target)
        openTargets()
    }

    // MARK: Waiting for money

    private func lackMoney(_ target: Int, _ shortage: Ledger.Shortage) {
        guard let admission else { return }
        // What was granted for another pool is given back before its owner queues again.
        if let other = admission.giveUpReservation() { plane.ledger.abandon(other) }
        let patience = principal.tenant.tenant.holdWaitMS
        guard shortage.waitingHelps else { return end(with: .insufficientQuota(shortage.state)) }
        let claim = admission.claim(admission.targets[target], attempt: admission.attempt)
        let wake = onLoop { (exchange: Exchange, decision: Ledger.Decision) in exchange.moneyCame(decision) }
        guard let waiting = plane.ledger.wait(claim, wake: wake) else {
            return end(with: .budgetHeld(shortage.state))
        }
        life.move(to: .waitingForBudget)
        budgetWaiting = waiting
        // Without patience the deadline is now: a trim still takes what is free.
        if patience > 0 { setTimer(milliseconds: patience) { $0.patienceEnded() } } else { patienceEnded() }
    }

    private func moneyCame(_ decision: Ledger.Decision) {
        guard life.stage == .waitingForBudget, !life.clientIsGone else {
            if case .held(let late) = decision { plane.ledger.abandon(late) }
            return
        }
        stopTimer()
        budgetWaiting = nil
        life.move(to: .admitting)
        switch decision {
        case .held(let reservation):
            admission?.take(reservation)
            reopenTargets()
            guard let admission, isStillWelcome() else { return }
            if plane.admission.isRepriced(admission, at: reservation.admittedAt) { return admitAnew(admission) }
            seek()
        case .short(let shortage):
            end(with: shortage.waitingHelps ? .budgetHeld(shortage.state) : .insufficientQuota(shortage.state))
        }
    }

    /// The price changed while the request waited: everything is given back and taken as for one that comes now.
    private func admitAnew(_ old: Admission) {
        if let reservation = old.giveUpReservation() { plane.ledger.abandon(reservation) }
        if old.finishOnce() { plane.quotas.giveBack(old.quota) }
        admission = nil
        withdrawn.removeAll()
        // Who calls was looked up when the request came.
        if isAdmitted(old.ask, at: plane.time.now()), isStillWelcome() { seek() }
    }

    /// The deadline: tried once more out of order, and refused only if it does not fit then.
    private func patienceEnded() {
        guard life.stage == .waitingForBudget, let waiting = budgetWaiting else { return }
        guard let decision = plane.ledger.expire(waiting) else { return }
        moneyCame(decision)
    }

    // MARK: Waiting for a backend

    private func waitForBackend(_ target: Int) {
        guard let admission else { return }
        guard takeMoneyFirst(target) else { return seek() }
        let wake = onLoop { (exchange: Exchange, lease: BackendLease?) in exchange.backendCame(lease) }
        guard let waiter = plane.router.enqueue(routing, home: target, wake: wake) else { return passThrough() }
        life.move(to: .waitingForBackend)
        poolWaiter = waiter
        setTimer(milliseconds: plane.router.queueTimeoutMS(pool: admission.targets[target].pool)) {
            $0.queueTimedOut()
        }
    }

    /// A slot came free, or nothing is left to wait for.
    private func backendCame(_ found: BackendLease?) {
        guard life.stage == .waitingForBackend, !life.clientIsGone else {
            if let found { plane.router.release(found, .unused) }
            return
        }
        stopTimer()
        poolWaiter = nil
        life.move(to: .admitting)
        lease = found
        guard isStillWelcome() else { return }
        if found == nil { passThrough() } else { seek() }
    }

    private func queueTimedOut() {
        guard life.stage == .waitingForBackend, let waiter = poolWaiter, plane.router.leave(waiter) else { return }
        stopTimer()
        poolWaiter = nil
        life.move(to: .admitting)
        if isStillWelcome() { passThrough() }
    }

    /// A request that waited, or whose attempt failed, is judged again; false when it was refused. What it has of a
    /// pool that it may no longer use goes back, a slot or money.
    func isStillWelcome() -> Bool {
        guard let admission else { return false }
        switch plane.admission.judgeAgain(admission, at: plane.time.now()) {
        case .failure(let denial):
            conclude(with: denial)
            return false
        case .success(let found):
            if found != withdrawn { withdraw(found, of: admission) }
            return true
        }
    }

    private func withdraw(_ found: Set<Int>, of admission: Admission) {
        withdrawn = found
        reopenTargets()
        if let lease, found.contains(lease.target) { releaseLease(.unused) }
        // What a failed attempt holds is settled with it, or goes over to the next.
        guard failedAttempt == nil else { return }
        let pools = routing.targets.map(\.pool)
        if let pool = admission.reservation?.claim.pool, !pools.contains(pool),
            let lost = admission.giveUpReservation()
        {
            plane.ledger.abandon(lost)
        }
    }

    /// The client left while it waited.
    func leaveQueues() {
        if let budgetWaiting { plane.ledger.cancel(budgetWaiting) }
        if let poolWaiter { _ = plane.router.leave(poolWaiter) }
        budgetWaiting = nil
        poolWaiter = nil
        stopTimer()
        conclude(with: nil)
    }

    // MARK: Writing the hold

    private func record(_ reservation: Reservation) {
        guard let admission, let lease else { return }
        admission.take(reservation)
        beginAttempt(lease)
        life.move(to: .recordingHold)
        let then = onLoop(orAtOnce: true) { (exchange: Exchange, error: LedgerError?) in exchange.recorded(error) }
        if let failed = failedAttempt {
            plane.ledger.recordSwap(finished: failed, next: reservation, then: then)
        } else {
            plane.ledger.record(reservation, then: then)
        }
    }

    private func recorded(_ error: LedgerError?) {
        let failed = failedAttempt
        failedAttempt = nil
        if error == nil, let failed { totals.add(failed) }
        if error != nil {
            giveBackRetry()
            // The journal gave the reservation back when its row could not be written.
            _ = admission?.giveUpReservation()
            releaseLease(.unused)
            guard let failed else {
                life.move(to: .admitting)
                return end(with: .ledgerUnavailable)
            }
            return settle(failed, then: .denial(.ledgerUnavailable))
        }
        if life.clientIsGone {
            giveBackRetry()
            releaseLease(.unused)
            return finishAttempt(.failed(.notSent, status: 0), then: .nothing)
        }
        send()
    }
}
