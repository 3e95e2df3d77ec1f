import Billing
import Logging
import Tenancy

/// What follows an attempt that met a fault: another one, or the word to the client.
extension Exchange {
    /// The attempt failed: its backend learns of it, and before the first byte to the client another may be tried.
    func attemptFailed(_ fault: AttemptFault, _ end: AttemptReckoning.End) {
        noteFailure(fault)
        if life.clientIsGone { return finishAttempt(end, then: .nothing) }
        if life.headIsSent { return finishAttempt(end, then: .brokenStream(Self.brokenStream(by: fault))) }
        guard mayTryAgain(after: fault) else { return finishAttempt(end, then: .denial(lastWord())) }
        guard let settlement = settlement(for: end) else { return }
        // Its entry is written together with the hold of the next attempt, or when there is no next one.
        failedAttempt = settlement
        reopenTargets()
        life.move(to: .admitting)
        // It took a while: the key may be revoked by now, or the pool taken away.
        guard isStillWelcome() else { return }
        seek()
    }

    /// Tells everybody who keeps count of a backend's failures.
    func noteFailure(_ fault: AttemptFault) {
        faults.note(fault)
        report(fault)
        if let backend = lease?.backend {
            routing.tried.insert(backend.definition.id)
            if !fault.isExhaustion { spent.insert(backend.definition.id) }
        }
        countEmergency("failed")
        releaseLease(.failed(fault))
    }

    private func mayTryAgain(after fault: AttemptFault) -> Bool {
        switch plane.retries.decide(fault, attempts: attempts, clientHasBytes: life.headIsSent) {
        case .answer: return false
        case .retry: return true
        case .retryFromBudget:
            hasPaidRetry = plane.router.takeRetry()
            return hasPaidRetry
        }
    }

    /// No backend is left to try.
    func giveUp() {
        conclude(with: lastWord())
    }

    /// Ends the call, settling the failed attempt that no other followed.
    func conclude(with denial: Denial?) {
        giveBackRetry()
        guard let failed = failedAttempt else { return end(with: denial) }
        failedAttempt = nil
        releaseLease(.unused)
        settle(failed, then: denial.map { .denial($0) } ?? .nothing)
    }

    /// The retry that was taken for an attempt that is not made.
    func giveBackRetry() {
        guard hasPaidRetry else { return }
        hasPaidRetry = false
        plane.router.giveBackRetry()
    }

    /// The most telling of all failures.
    private func lastWord() -> Denial {
        faults.denial(retryAfterSeconds: plane.router.retryAfterSeconds(routing))
    }

    /// Once bytes went to the client, a backend that asks to be left alone has broken the answer like any other.
    private static func brokenStream(by fault: AttemptFault) -> Denial {
        var summary = FaultSummary()
        summary.note(fault)
        let denial = summary.denial(retryAfterSeconds: 1)
        if case .poolsExhausted = denial { return .upstreamError("The backend failed.") }
        return denial
    }

    /// Gives the slot at hand back, if there is one.
    func releaseLease(_ end: BackendLease.End) {
        guard let lease else { return }
        self.lease = nil
        plane.router.release(lease, end)
    }

    func countEmergency(_ outcome: String) {
        guard isEmergency, let backend = lastBackend?.definition else { return }
        plane.metrics.countEmergency(pool: backend.pool, backend: backend.name, outcome: outcome)
    }

    private func report(_ fault: AttemptFault) {
        let metadata: Logger.Metadata = [
            "request_id": "\(request.id)", "backend": "\(lastBackend?.definition.name ?? "")",
            "status": "\(answerStatus)", "reason": "\(fault.detail.isEmpty ? fault.reason : fault.detail)",
        ]
        if fault.kind == .credentialRefused {
            plane.logger.critical("a backend refused the gateway's credential", metadata: metadata)
        } else {
            plane.logger.warning("an attempt failed", metadata: metadata)
        }
    }
}
