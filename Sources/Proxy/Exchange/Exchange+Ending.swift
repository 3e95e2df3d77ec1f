import Billing
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
            count(denial.outcome, settlement, denial)
            connection.refuse(denial, of: request, principal)
        case .whole(let type, let body):
            count(answerStatus < 400 ? "ok" : "client_error", settlement)
            var head = answerHead(contentType: type)
            head.add(bodyBytes: body.readableBytes)
            head.add("x-tollgate-cost", totals.cost.decimal)
            connection.write(head)
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
            count(denial.outcome, settlement, denial)
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
        traceEnd(outcome: denial?.outcome ?? "client_gone", denial: denial)
        let heard = life.clientIsGone ? nil : denial
        plane.requestLog {
            var line = RequestLine(request, principal, outcome: heard?.outcome ?? "client_gone", plane: plane)
            line.model = admission?.ask.model ?? ""
            line.isStream = admission?.ask.stream ?? false
            if let heard { line.refused(heard) }
            return line
        }
        guard let denial = heard else { return }
        plane.metrics.count(
            tenant: principal.tenant.tenant.name, pool: "", model: admission?.ask.model ?? "", outcome: denial.outcome)
        connection.refuse(denial, of: request, principal)
    }

    // MARK: Headers and figures

    func answerHead(contentType: String) -> AnswerHead {
        var head = connection.head(status: answerStatus)
        head.add("content-type", contentType)
        request.shape.name(request.id, in: &head)
        guard let admission, let backend = lease?.backend ?? lastBackend else { return head }
        head.add("x-tollgate-pool", backend.definition.pool)
        head.add("x-tollgate-backend", backend.definition.name)
        head.add("x-tollgate-attempts", Int64(admission.attempt))
        if isEmergency { head.add("x-tollgate-emergency", "true") }
        if admission.estimate.isLowered { head.add("x-tollgate-max-tokens", admission.estimate.maxTokens) }
        let remaining = plane.ledger.remaining(
            tenantID: principal.tenant.tenant.id, keyID: principal.key.key.id, model: admission.ask.model,
            pool: backend.definition.pool)
        if let remaining { head.add("x-tollgate-budget-remaining", remaining.decimal) }
        plane.addQuotaHeaders(of: principal, to: &head)
        return head
    }

    /// Counts the request and writes its line; `denial` is what the client gets instead of the answer.
    private func count(_ outcome: String, _ settlement: Settlement, _ denial: Denial? = nil) {
        let claim = settlement.reservation.claim
        traceEnd(outcome: outcome, denial: denial)
        plane.metrics.add(figures(outcome))
        plane.metrics.count(
            tenant: principal.tenant.tenant.name, pool: claim.pool, model: claim.model, outcome: outcome)
        plane.requestLog {
            var line = RequestLine(request, principal, outcome: outcome, plane: plane)
            line.model = claim.model
            line.pool = claim.pool
            line.backend = settlement.backendName
            line.isStream = settlement.stream
            line.attempts = claim.attempt
            line.status = outcome == "client_gone" && !life.headIsSent ? 0 : answerStatus
            line.provenance = settlement.provenance.rawValue
            line.usage = totals.usage
            line.cost = totals.cost
            if answeredAt > 0 { line.overhead = overhead(in: line.duration) }
            if let denial { line.refused(denial) }
            // What went out before it broke cannot be taken back.
            if life.headIsSent { line.status = answerStatus }
            return line
        }
    }

    /// Nanoseconds the gateway itself took of those since the request's head.
    private func overhead(in duration: Int64) -> Int64 {
        max(0, duration - timeAtBackends)
    }

    private func figures(_ outcome: String) -> CallFigures {
        let provider = lastBackend?.definition.kind ?? kind.backendKind
        let labels = CallLabels(
            operation: kind.operation, provider: provider.rawValue, originalModel: admission?.ask.model ?? "",
            requestModel: upstreamModel, errorType: outcome == "ok" ? "" : outcome)
        return CallFigures(
            labels: labels, duration: max(0, plane.time.uptime() - request.startedAt),
            firstToken: firstEventAt > 0 ? max(0, firstEventAt - request.startedAt) : nil,
            inputTokens: totals.usage.inputTotal, outputTokens: totals.usage.outputTotal)
    }

    private func observeOverhead() {
        plane.metrics.observe(overheadNanoseconds: overhead(in: plane.time.uptime() - request.startedAt))
    }
}
