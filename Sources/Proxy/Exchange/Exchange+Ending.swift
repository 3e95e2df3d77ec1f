import Billing
import Logging
import NIOCore
import Tenancy

/// The one way out: reckons the attempt, settles it on disk, and only then lets the end of the answer go.
extension Exchange {
    /// Settles the attempt at hand; the client gets `ending` once that is on disk.
    func finishAttempt(_ end: AttemptReckoning.End, then ending: Ending) {
        guard let settlement = settlement(for: end) else { return }
        settle(settlement, then: ending)
    }

    func settle(_ settlement: Settlement, then ending: Ending) {
        guard let admission, admission.finishOnce() else { return }
        life.move(to: .settling)
        _ = admission.giveUpReservation()
        totals.add(settlement)
        let then = onLoop { (exchange: Exchange, error: LedgerError?) in
            exchange.settled(settlement, ending: ending, error: error)
        }
        plane.quotas.finish(admission.quota, tokens: totals.usage.total)
        plane.ledger.settle(settlement, then: then)
    }

    private func settled(_ settlement: Settlement, ending: Ending, error: LedgerError?) {
        life.move(to: .ended)
        plane.metrics.add(
            totals.usage, cost: totals.cost, tenant: principal.tenant.tenant.name,
            model: settlement.reservation.claim.model)
        if life.clientIsGone { return count("client_gone", settlement) }
        if error != nil { return answer(.denial(.ledgerUnavailable), settlement) }
        answer(ending, settlement)
    }

    private func answer(_ ending: Ending, _ settlement: Settlement) {
        switch ending {
        case .nothing:
            count("client_gone", settlement)
        case .denial(let denial):
            if life.headIsSent { return answer(.brokenStream(denial), settlement) }
            count(denial.outcome, settlement)
            connection.refuse(denial, of: request, principal)
        case .whole(let type, let body):
            count(answerStatus < 400 ? "ok" : "client_error", settlement)
            var headers = answerHeaders(contentType: type)
            headers.append(("content-length", String(body.readableBytes)))
            headers.append(("x-tollgate-cost", totals.cost.decimal))
            connection.writeHead(status: answerStatus, headers: headers)
            connection.writeBody(body)
            observeOverhead()
            connection.endAnswer()
        case .endOfStream(let rest):
            count(settlement.outcome == .answered ? "ok" : "upstream_error", settlement)
            beginEvents()
            if rest.readableBytes > 0 { connection.writeBody(rest) }
            observeOverhead()
            connection.endAnswer()
        case .endOfBody:
            count("ok", settlement)
            observeOverhead()
            finishBody()
        case .brokenStream(let denial):
            count(denial.outcome, settlement)
            breakOff(denial)
        }
    }

    /// Ends a call that has no attempt to settle: gives back all it took and says why, unless nobody listens.
    func end(with denial: Denial?) {
        stopTimer()
        releaseLease(.unused)
        if let admission {
            if let reservation = admission.giveUpReservation() { plane.ledger.abandon(reservation) }
            if admission.finishOnce() { plane.quotas.giveBack(admission.quota) }
        }
        life.move(to: .ended)
        guard let denial, !life.clientIsGone else { return }
        plane.metrics.count(
            tenant: principal.tenant.tenant.name, pool: "", model: admission?.ask.model ?? "", outcome: denial.outcome)
        connection.refuse(denial, of: request, principal)
    }

    // MARK: Headers and figures

    func answerHeaders(contentType: String) -> [(String, String)] {
        var headers: [(String, String)] = []
        headers.reserveCapacity(18)
        headers.append(("content-type", contentType))
        request.shape.name(request.id, in: &headers)
        guard let admission, let backend = lease?.backend ?? lastBackend else { return headers }
        headers.append(("x-tollgate-pool", backend.definition.pool))
        headers.append(("x-tollgate-backend", backend.definition.name))
        headers.append(("x-tollgate-attempts", String(admission.attempt)))
        if isEmergency { headers.append(("x-tollgate-emergency", "true")) }
        if admission.estimate.isLowered {
            headers.append(("x-tollgate-max-tokens", String(admission.estimate.maxTokens)))
        }
        let remaining = plane.ledger.remaining(
            tenantID: principal.tenant.tenant.id, keyID: principal.key.key.id, model: admission.ask.model,
            pool: backend.definition.pool)
        if let remaining { headers.append(("x-tollgate-budget-remaining", remaining.decimal)) }
        plane.addQuotaHeaders(of: principal, to: &headers)
        return headers
    }

    private func count(_ outcome: String, _ settlement: Settlement) {
        let claim = settlement.reservation.claim
        plane.metrics.count(
            tenant: principal.tenant.tenant.name, pool: claim.pool, model: claim.model, outcome: outcome)
        plane.logger.debug(
            "request ended",
            metadata: [
                "request_id": "\(request.id)", "client_request_id": "\(request.clientRequestID)",
                "tenant": "\(principal.tenant.tenant.id)", "key": "\(claim.keyID)", "model": "\(claim.model)",
                "backend": "\(settlement.backendName)", "attempts": "\(claim.attempt)", "outcome": "\(outcome)",
                "cost": "\(settlement.cost.decimal)",
            ])
    }

    private func observeOverhead() {
        let before = sentAt - request.startedAt
        let after = plane.time.uptime() - answeredAt
        plane.metrics.observe(overheadNanoseconds: max(0, before) + max(0, after))
    }
}
