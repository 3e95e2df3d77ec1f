import Billing
import NIOCore
import Tenancy

/// What a recorded call says of itself; nothing of this runs for a call that is not recorded.
extension Exchange {
    /// The attempt at hand is about to be sent.
    func traceSending() {
        trace?.beginAttempt(at: sentAt, using: &connection.loop.randomness)
    }

    /// The attempt at hand was reckoned.
    func traceAttempt(_ settlement: Settlement) {
        guard let trace, let admission, let backend = lastBackend?.definition else { return }
        var identity = AnswerIdentity()
        switch answer {
        case .events(let relay): identity = relay.identity ?? identity
        case .whole(_, let body), .odd(let body): identity.read(body)
        case .body, .none, .useless: break
        }
        var attributes = SpanAttributes()
        attributes.operation(kind, provider: backend.kind)
        attributes.add("gen_ai.request.model", upstreamModel)
        attributes.add("gen_ai.request.stream", admission.ask.stream)
        attributes.answer(identity)
        attributes.usage(settlement.usage)
        if let address = BackendAddress(backend.baseURL) {
            attributes.add("server.address", address.host)
            attributes.add("server.port", Int64(address.port))
        }
        attributes.add("tollgate.pool", backend.pool)
        attributes.add("tollgate.backend", backend.name)
        attributes.add("tollgate.attempt", Int64(settlement.reservation.claim.attempt))
        attributes.add("tollgate.cost_usd", settlement.cost.decimal)
        if answerStatus > 0 { attributes.add("http.response.status_code", Int64(answerStatus)) }
        let error = answerFault?.reason ?? Self.error(of: settlement.outcome, status: answerStatus)
        if let error { attributes.add("error.type", error) }
        trace.endAttempt(
            name: "\(kind.operation) \(upstreamModel)", attributes: attributes.list, isFailed: error != nil,
            at: answeredAt > sentAt ? answeredAt : plane.time.uptime())
        identityOfAnswer = identity
    }

    /// The call ended; `denial` is what the client was told instead of an answer, or in the middle of one.
    func traceEnd(outcome: String, denial: Denial?) {
        guard let trace else { return }
        self.trace = nil
        let now = plane.time.uptime()
        let status = denial.map { ErrorResponse($0, shape: request.shape).status } ?? answerStatus
        let (wholeMicroseconds, isTooLarge) = plane.time.now().microseconds.multipliedReportingOverflow(by: 1000)
        let spans = trace.finish(
            name: "\(kind.operation) \(admission?.ask.model ?? "")", attributes: attributes(outcome, denial, status),
            isFailed: status >= 500, from: request.startedAt, to: now, epoch: isTooLarge ? 0 : wholeMicroseconds - now)
        plane.tracer?.queue.offer(spans)
    }

    private func attributes(_ outcome: String, _ denial: Denial?, _ status: Int) -> [Span.Attribute] {
        var attributes = SpanAttributes()
        attributes.operation(kind, provider: lastBackend?.definition.kind ?? kind.backendKind)
        attributes.add("http.request.method", "POST")
        attributes.add("url.path", "/v1\(kind.suffix)")
        // The bytes were gone when the refusal came: the client has the first status.
        attributes.add("http.response.status_code", Int64(life.headIsSent ? answerStatus : status))
        if let denial { attributes.add("error.type", DenialWords(denial).code) }
        attributes.add("tollgate.request.id", request.id.text)
        attributes.add("tollgate.tenant.id", principal.tenant.tenant.id.text)
        attributes.add("tollgate.key.id", principal.key.key.id.text)
        attributes.add("tollgate.outcome", outcome)
        if let admission {
            attributes.add("gen_ai.request.model", admission.ask.model)
            attributes.add("gen_ai.request.stream", admission.ask.stream)
            if let most = admission.ask.maxTokens { attributes.add("gen_ai.request.max_tokens", most) }
            if admission.ask.choices > 1 { attributes.add("gen_ai.request.choice.count", admission.ask.choices) }
            attributes.add("tollgate.budget.decision", Self.decision(outcome, admission))
        }
        if kind != .transcription { attributes.list += RequestParameters.read(request.body) }
        attributes.answer(identityOfAnswer)
        attributes.usage(totals.usage)
        attributes.add("tollgate.cost_usd", totals.cost.decimal)
        if let backend = lastBackend?.definition {
            attributes.add("tollgate.pool", backend.pool)
            attributes.add("tollgate.backend", backend.name)
        }
        attributes.add("tollgate.attempts", Int64(attempts + emergencyAttempts))
        return attributes.list
    }

    private static func decision(_ outcome: String, _ admission: Admission) -> String {
        if outcome == "denied_budget" { return "refused" }
        return admission.estimate.isLowered ? "trimmed" : "admitted"
    }

    private static func error(of outcome: AttemptOutcome, status: Int) -> String? {
        switch outcome {
        case .answered: status >= 400 ? String(status) : nil
        case .clientGone: nil
        default: outcome.rawValue
        }
    }
}
