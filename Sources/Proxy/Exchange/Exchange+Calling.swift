import Billing
import NIOCore
import NIOHTTP1
import Tenancy

/// The attempt: sends the request, relays the answer, and notices how it ended.
extension Exchange: UpstreamDelegate {
    /// JSON answers are held whole, so that header and ledger agree; a larger one is an upstream error.
    private static let wholeAnswerBytes = 32 * 1024 * 1024
    /// An answer read to its end without a client may be this long.
    private static let drainBytes = 8 * 1024 * 1024
    /// What is read of an answer that is of no use to anybody.
    private static let uselessBytes = 64 * 1024
    /// How long a backend may keep the connection after its end mark, or after an answer of no use, before we hang up.
    private static let afterEndMarkMS: Int64 = 1000
    /// Request headers that go to a backend; everything else stays here.
    private static let forwarded: [StaticString] = ["accept", "openai-beta", "traceparent"]

    func send() {
        guard let admission, let lease, let kind = request.route.askKind else { return }
        let target = admission.targets[lease.target]
        let backend = lease.backend
        life.move(to: .calling)
        hasPaidRetry = false
        sentAt = plane.time.uptime()
        let body = admission.ask.upstreamBody(
            model: target.upstreamModel, maxTokens: admission.estimate.maxTokens,
            parameter: target.maxTokensParameter.rawValue, forceUsage: true, from: request.body,
            into: ByteBufferAllocator())
        call = connection.loop.upstream.send(
            UpstreamRequest(
                method: "POST", url: backend.url(kind), headers: headers(for: backend), body: body,
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

    private func headers(for backend: Backend) -> [(String, String)] {
        var headers = [("content-type", "application/json"), ("accept-encoding", "identity")]
        for (name, value) in request.headers where Self.forwarded.contains(where: { FieldName.matches(name, $0) }) {
            headers.append((name, value))
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
        let type = Self.printable(head.first("content-type")) ?? "application/json"
        if answerFault != nil {
            // Its body is read for a moment only, so that the connection can be used again.
            answer = .useless
            setTimer(milliseconds: Self.afterEndMarkMS) { $0.stopWaiting() }
        } else if head.status == 200, type.hasPrefix("text/event-stream") {
            answer = .events(EventRelay(hidesUsage: admission.map { $0.ask.stream && !$0.ask.includeUsage } ?? false))
        } else {
            answer = .whole(contentType: type, body: ByteBuffer())
        }
    }

    /// A backend's words go into our head only if they cannot break it.
    private static func printable(_ value: String?) -> String? {
        guard let value, value.utf8.count <= 256, value.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
        return value
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        answerBytes = answerBytes.clampedSum(Int64(bytes.readableBytes))
        if life.clientIsGone, answerBytes > Self.drainBytes { return abandonCall() }
        switch answer {
        case .events(var relay):
            answer = .none
            let forward = relay.feed(bytes)
            answer = .events(relay)
            if let forward { relayEvents(forward) }
            guard life.stage == .calling else { return }
            if let fault = relay.fault { return breakCall(fault) }
            if relay.isComplete, timer == nil { setTimer(milliseconds: Self.afterEndMarkMS) { $0.stopWaiting() } }
        case .whole(let type, var body):
            answer = .none
            body.writeImmutableBuffer(bytes)
            answer = .whole(contentType: type, body: body)
            if body.readableBytes > Self.wholeAnswerBytes { breakCall(.malformed) }
        case .useless:
            if answerBytes > Self.uselessBytes { stopWaiting() }
        case .none:
            break
        }
    }

    func upstreamEnd(_ error: UpstreamError?) {
        call = nil
        answeredAt = plane.time.uptime()
        stopTimer()
        guard let error else { return completeCall() }
        // After the end mark the answer is whole, however the connection ends.
        if case .events(let relay) = answer, relay.isComplete { return completeCall() }
        attemptFailed(answerFault ?? AttemptFault(error), .failed(error.stage, status: answerStatus))
    }

    // MARK: Relaying

    private func relayEvents(_ bytes: ByteBuffer) {
        if firstEventAt == 0 {
            firstEventAt = plane.time.uptime()
            plane.metrics.observe(firstTokenNanoseconds: firstEventAt - request.startedAt)
            if let lease { plane.router.answering(lease) }
        }
        if life.clientIsGone { return }
        if !life.headIsSent {
            life.sentHead()
            var headers = answerHeaders(contentType: "text/event-stream; charset=utf-8")
            headers.append(("cache-control", "no-cache"))
            headers.append(("x-accel-buffering", "no"))
            connection.writeHead(status: answerStatus, headers: headers)
        }
        connection.writeBody(bytes)
        connection.flush()
        if !connection.isWritable { call?.pause() }
    }

    // MARK: Ends

    private func completeCall() {
        switch answer {
        case .events(var relay):
            answer = .none
            let rest = relay.finish()
            answer = .events(relay)
            if let rest { relayEvents(rest) }
            if let fault = relay.fault { return attemptFailed(fault, end(of: fault)) }
            guard relay.isAnswer else { return attemptFailed(.malformed, end(of: .malformed)) }
            answered(then: .endOfStream(relay.heldBack))
        case .whole(let type, let body):
            if answerStatus < 300, let fault = read(body).fault { return attemptFailed(fault, end(of: fault)) }
            answered(then: .whole(contentType: type, body: body))
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

    /// Reads a whole answer, once.
    func read(_ body: ByteBuffer) -> WholeReading {
        if let reading { return reading }
        let fresh = WholeReading(body)
        reading = fresh
        return fresh
    }

    /// A backend that says that it failed is an error status, whatever its head said; a broken answer is charged.
    private func end(of fault: AttemptFault) -> AttemptReckoning.End {
        let isSaid = fault == .errorObject || fault == .rateLimitObject
        return isSaid && !life.headIsSent ? .complete(status: 500) : .failed(.broken, status: answerStatus)
    }

    /// The backend sent its end mark and nothing since, or what it still sends is of no use.
    private func stopWaiting() {
        guard life.stage == .calling else { return }
        stopTimer()
        call?.cancel()
        call = nil
        answeredAt = plane.time.uptime()
        completeCall()
    }

    /// The answer is not one we can relay: hang up and say so.
    private func breakCall(_ fault: AttemptFault) {
        stopTimer()
        call?.cancel()
        call = nil
        answeredAt = plane.time.uptime()
        attemptFailed(fault, end(of: fault))
    }

    /// The client is gone and the backend's answer is no longer wanted.
    func abandonCall() {
        let neverLeft = call?.stage == .notSent
        stopTimer()
        call?.cancel()
        call = nil
        answeredAt = plane.time.uptime()
        countEmergency("client_gone")
        releaseLease(answerFault.map { .failed($0) } ?? .inconclusive)
        finishAttempt(neverLeft ? .failed(.notSent, status: 0) : .abandoned(status: answerStatus), then: .nothing)
    }
}
