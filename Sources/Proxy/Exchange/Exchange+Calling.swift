import Billing
import NIOCore
import NIOHTTP1
import Tenancy

/// The attempt: sends the request, relays the answer, and notices how it ended.
extension Exchange: UpstreamDelegate {
    /// An answer read to its end without a client may be this long.
    private static let drainBytes = 8 * 1024 * 1024
    /// What is read of an answer that is of no use to anybody.
    private static let uselessBytes = 64 * 1024
    /// How long a backend may keep the connection after its end mark, or after an answer of no use, before we hang up.
    private static let afterEndMarkMS: Int64 = 1000
    /// Request headers that go to a backend; everything else stays here.
    private static let forwarded: [StaticString] = [
        "accept", "openai-beta", "anthropic-beta", "anthropic-version", "traceparent", "tracestate",
    ]
    /// The version of Anthropic's API that a client speaks which names none.
    private static let anthropicVersion = "2023-06-01"

    func send() {
        guard let admission, let lease else { return }
        let target = admission.targets[lease.target]
        let backend = lease.backend
        life.move(to: .calling)
        hasPaidRetry = false
        sentAt = plane.time.uptime()
        upstreamModel = target.upstreamModel
        traceSending()
        let body = admission.ask.upstreamBody(
            model: target.upstreamModel, maxTokens: admission.estimate.maxTokens,
            parameter: target.maxTokensParameter.rawValue, forceUsage: true, from: request.body,
            into: ByteBufferAllocator())
        call = connection.loop.upstream.send(
            UpstreamRequest(
                method: "POST", url: backend.url(kind), headers: headers(for: backend, admission.ask.contentType),
                body: body,
                timeouts: backend.timeouts),
            delegate: self)
    }

    /// Nothing of an earlier attempt may be taken for this one's.
    func beginAttempt(_ lease: BackendLease) {
        lastBackend = lease.backend
        isEmergency = lease.isEmergency
        if isEmergency {
            emergencyAttempts += 1
            spent.insert(lease.backend.definition.id)
        } else {
            attempts += 1
        }
        answer = .none
        reading = nil
        answerStatus = 0
        answerFault = nil
        answerBytes = 0
        headAt = 0
        firstEventAt = 0
    }

    private func headers(for backend: Backend, _ contentType: String) -> [(String, String)] {
        var headers = [("content-type", contentType), ("accept-encoding", "identity")]
        for (name, value) in request.headers where Self.forwarded.contains(where: { FieldName.matches(name, $0) }) {
            headers.append((name, value))
        }
        // Its caller's own is of the same trace, but another span.
        if let traceparent = trace?.traceparent {
            headers.removeAll { FieldName.matches($0.0, "traceparent") }
            headers.append(("traceparent", traceparent))
        }
        if backend.speaks(.anthropic), !request.headers.contains(name: "anthropic-version") {
            headers.append(("anthropic-version", Self.anthropicVersion))
        }
        if let credential = backend.credential { headers.append((credential.name, credential.value)) }
        return headers
    }

    // MARK: UpstreamDelegate

    func upstreamHead(_ head: UpstreamHead) {
        answerStatus = head.status
        headAt = plane.time.uptime()
        let asked = head.first("retry-after").flatMap { RetryAfter.seconds($0, at: plane.time.now()) }
        answerFault = AttemptFault.status(head.status, retryAfterSeconds: asked)
        guard let ask = admission?.ask else { return }
        let hidesUsage = kind.hasStreamOptions && ask.stream && !ask.includeUsage
        answer = Answer.begin(
            head, fault: answerFault, dialect: dialect, hidesUsage: hidesUsage, images: ask.images)
        if trace != nil, case .events(let relay) = answer { relay.rememberIdentity() }
        // The body of a useless answer is read for a moment only, so that the connection can be used again.
        if case .useless = answer { setTimer(milliseconds: Self.afterEndMarkMS) { $0.stopWaiting() } }
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        answerBytes = answerBytes.clampedSum(Int64(bytes.readableBytes))
        if life.clientIsGone, answerBytes > Self.drainBytes { return abandonCall() }
        switch answer {
        case .events(let relay):
            if let forward = relay.feed(bytes) { relayEvents(forward) }
            guard life.stage == .calling else { return }
            if let fault = relay.fault { return breakCall(fault) }
            if relay.isComplete, timer == nil { setTimer(milliseconds: Self.afterEndMarkMS) { $0.stopWaiting() } }
        case .body(let relay):
            pass(relay.feed(bytes), of: relay)
        case .whole(let type, var body):
            answer = .none
            // Mostly all of it comes at once.
            if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
            answer = .whole(contentType: type, body: body)
            if body.readableBytes > BodyRelay.wholeBytes { outgrow(type, body) }
        case .odd(var body):
            answer = .none
            body.writeImmutableBuffer(bytes)
            answer = .odd(body: body)
            if answerBytes > BodyRelay.wholeBytes { stopWaiting() }
        case .useless:
            if answerBytes > Self.uselessBytes { stopWaiting() }
        case .none:
            break
        }
    }

    func upstreamEnd(_ error: UpstreamError?) {
        callEnded()
        stopTimer()
        guard let error else { return completeCall() }
        // After the end mark the answer is whole, however the connection ends.
        if case .events(let relay) = answer, relay.isComplete { return completeCall() }
        attemptFailed(answerFault ?? AttemptFault(error), .failed(error.stage, status: statusOfEnd))
    }

    // MARK: Ends

    private func callEnded() {
        call = nil
        answeredAt = plane.time.uptime()
        timeAtBackends += max(0, answeredAt - sentAt)
    }

    private func completeCall() {
        switch answer {
        case .events(let relay):
            if let rest = relay.finish() { relayEvents(rest) }
            if let fault = relay.fault { return attemptFailed(fault, end(of: fault)) }
            guard relay.isAnswer else { return attemptFailed(.malformed, end(of: .malformed)) }
            if let fault = relay.endFault { return failedAtEnd(fault, .endOfStream(relay.heldBack)) }
            answered(then: .endOfStream(relay.heldBack))
        case .body(let relay):
            reading = relay.reading()
            if let fault = reading?.fault { return attemptFailed(fault, end(of: fault)) }
            answered(then: .endOfBody)
        case .whole(let type, let body):
            if answerStatus < 300, let fault = fault(of: body) { return attemptFailed(fault, end(of: fault)) }
            answered(then: .whole(contentType: type, body: body))
        case .odd:
            // Another backend may answer, but what this one reports was used.
            attemptFailed(answerFault ?? .malformed, .complete(status: statusOfEnd))
        case .none, .useless:
            attemptFailed(answerFault ?? .malformed, .complete(status: max(answerStatus, 500)))
        }
    }

    private func answered(then ending: Ending) {
        let first = firstEventAt > 0 ? firstEventAt : headAt
        countEmergency("answered")
        // What a request got for its own mistakes does not make a backend well.
        let isWell = answerStatus < 400
        releaseLease(isWell ? .answered(firstByteNanoseconds: first > 0 ? first - sentAt : nil) : .inconclusive)
        finishAttempt(.complete(status: answerStatus), then: ending)
    }

    /// The answer came to its end and says there that it failed: the client is told in the backend's own words.
    private func failedAtEnd(_ fault: AttemptFault, _ ending: Ending) {
        noteFailure(fault)
        finishAttempt(.failed(.broken, status: answerStatus), then: ending)
    }

    /// What makes a whole answer none; read once.
    func fault(of body: ByteBuffer) -> AttemptFault? {
        if reading == nil { reading = WholeReading(body, dialect) }
        return reading?.fault
    }

    /// A redirect or an odd success is an error wherever its body ends.
    private var statusOfEnd: Int {
        switch answer {
        case .odd, .useless: max(answerStatus, 500)
        case .none, .whole, .events, .body: answerStatus
        }
    }

    /// A backend that says that it failed is an error status, whatever its head said; a broken answer is charged.
    func end(of fault: AttemptFault) -> AttemptReckoning.End {
        let isSaid = fault == .errorObject || fault == .rateLimitObject
        return isSaid && !life.headIsSent ? .complete(status: 500) : .failed(.broken, status: answerStatus)
    }

    /// The backend sent its end mark and nothing since, or what it still sends is of no use.
    func stopWaiting() {
        guard life.stage == .calling else { return }
        stopTimer()
        call?.cancel()
        callEnded()
        completeCall()
    }

    /// The answer is not one we can relay: hang up and say so.
    func breakCall(_ fault: AttemptFault) {
        stopTimer()
        call?.cancel()
        callEnded()
        attemptFailed(fault, end(of: fault))
    }

    /// The client is gone and the backend's answer is no longer wanted.
    func abandonCall() {
        let neverLeft = call?.stage == .notSent
        stopTimer()
        call?.cancel()
        callEnded()
        countEmergency("client_gone")
        releaseLease(answerFault.map { .failed($0) } ?? .inconclusive)
        finishAttempt(neverLeft ? .failed(.notSent, status: 0) : .abandoned(status: statusOfEnd), then: .nothing)
    }
}
