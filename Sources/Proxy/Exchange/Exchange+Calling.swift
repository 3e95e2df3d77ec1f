import Billing
import Logging
import NIOCore
import NIOHTTP1
import Tenancy

/// The attempt: sends the request, relays the answer, and notices how it ended.
extension Exchange: UpstreamDelegate {
    /// JSON answers are held whole, so that header and ledger agree; a larger one is an upstream error.
    private static let wholeAnswerBytes = 32 * 1024 * 1024
    /// An answer read to its end without a client may be this long.
    private static let drainBytes = 8 * 1024 * 1024
    /// A backend's `Retry-After` is passed on up to ten minutes.
    private static let longestRetryAfterSeconds: Int64 = 600
    /// How long a backend may keep the connection after its end mark before we hang up.
    private static let afterEndMarkMS: Int64 = 1000
    /// Request headers that go to a backend; everything else stays here.
    private static let forwarded: [StaticString] = ["accept", "openai-beta", "traceparent"]

    func send() {
        guard let admission, let lease else { return }
        let target = admission.targets[lease.target]
        let backend = lease.backend
        life.move(to: .calling)
        answer = .none
        reading = nil
        answerStatus = 0
        answerBytes = 0
        sentAt = plane.time.uptime()
        let body = admission.ask.upstreamBody(
            model: target.upstreamModel, maxTokens: admission.estimate.maxTokens,
            parameter: target.maxTokensParameter.rawValue, forceUsage: true, from: request.body,
            into: ByteBufferAllocator())
        call = connection.loop.upstream.send(
            UpstreamRequest(
                method: "POST", url: backend.url(request.route), headers: headers(for: backend), body: body,
                timeouts: backend.timeouts),
            delegate: self)
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
        if head.status == 429 || head.status == 503, let seconds = head.first("retry-after").flatMap({ Int64($0) }) {
            retryAfterSeconds = min(max(seconds, 1), Self.longestRetryAfterSeconds)
        }
        let type = Self.printable(head.first("content-type")) ?? "application/json"
        switch head.status {
        case 200..<300 where type.hasPrefix("text/event-stream"):
            answer = .events(EventRelay(hidesUsage: admission.map { $0.ask.stream && !$0.ask.includeUsage } ?? false))
        case 200..<300, 400, 404, 405, 406, 408..<429, 430..<500:
            answer = .whole(contentType: type, body: ByteBuffer())
        default:
            answer = .useless
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
            if relay.isBroken { return breakCall() }
            if relay.isComplete, timer == nil { setTimer(milliseconds: Self.afterEndMarkMS) { $0.stopWaiting() } }
        case .whole(let type, var body):
            answer = .none
            body.writeImmutableBuffer(bytes)
            answer = .whole(contentType: type, body: body)
            if body.readableBytes > Self.wholeAnswerBytes { breakCall() }
        case .none, .useless:
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
        let denial: Denial =
            error.isTimeout
            ? .upstreamTimeout
            : error.stage == .notSent ? .poolsExhausted(retryAfterSeconds: 1) : .upstreamError("The backend failed.")
        releaseLeaseAfter(error: error.description)
        if !life.clientIsGone, let admission,
            plane.retries.decide(
                AttemptFault(error), attempts: admission.attempt, clientHasBytes: life.headIsSent) == .retry
        {
            return retry(after: error, denial: denial)
        }
        finishAttempt(
            .failed(error.stage, status: answerStatus), then: life.headIsSent ? .brokenStream(denial) : .denial(denial))
    }

    // MARK: Relaying

    private func relayEvents(_ bytes: ByteBuffer) {
        if firstEventAt == 0 {
            firstEventAt = plane.time.uptime()
            plane.metrics.observe(firstTokenNanoseconds: firstEventAt - request.startedAt)
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
        releaseLeaseAfter(error: Self.isFailure(answerStatus) ? "status_\(answerStatus)" : nil)
        switch answer {
        case .events(var relay):
            answer = .none
            let rest = relay.finish()
            answer = .events(relay)
            if let rest { relayEvents(rest) }
            if relay.isBroken || !relay.isAnswer {
                let denial = Denial.upstreamError("The backend's stream was malformed.")
                return finishAttempt(
                    .failed(.broken, status: answerStatus),
                    then: life.headIsSent ? .brokenStream(denial) : .denial(denial))
            }
            finishAttempt(.complete(status: answerStatus), then: .endOfStream(relay.heldBack))
        case .whole(_, let body) where answerStatus < 300 && !read(body).isAnswer:
            finishAttempt(
                .failed(.broken, status: answerStatus), then: .denial(.upstreamError("The backend's answer is none.")))
        case .whole(let type, let body):
            finishAttempt(.complete(status: answerStatus), then: .whole(contentType: type, body: body))
        case .none, .useless:
            finishAttempt(.complete(status: max(answerStatus, 500)), then: .denial(denial(for: answerStatus)))
        }
    }

    /// A status that says more of the backend, or of our credential there, than of the request.
    private static func isFailure(_ status: Int) -> Bool {
        status >= 500 || [401, 402, 403, 429].contains(status)
    }

    /// Reads a whole answer, once.
    func read(_ body: ByteBuffer) -> WholeReading {
        if let reading { return reading }
        let fresh = WholeReading(body)
        reading = fresh
        return fresh
    }

    /// What a client is told after the last attempt ended with a status that is not its own to see.
    private func denial(for status: Int) -> Denial {
        switch status {
        case 429: .poolsExhausted(retryAfterSeconds: retryAfterSeconds)
        case 401, 402, 403: .upstreamError("The backend refused the gateway's credential.")
        case 300..<400: .upstreamError("The backend answered with a redirect, which is never followed.")
        default: .upstreamError("The backend answered with status \(status).")
        }
    }

    /// The backend sent its end mark and nothing since.
    private func stopWaiting() {
        guard life.stage == .calling else { return }
        timer = nil
        call?.cancel()
        call = nil
        answeredAt = plane.time.uptime()
        completeCall()
    }

    /// The answer is not one we can relay: hang up and say so.
    private func breakCall() {
        stopTimer()
        call?.cancel()
        call = nil
        answeredAt = plane.time.uptime()
        releaseLeaseAfter(error: UpstreamFailureReason.malformed.rawValue)
        let denial = Denial.upstreamError("The backend's answer was malformed or too large.")
        finishAttempt(
            .failed(.broken, status: answerStatus), then: life.headIsSent ? .brokenStream(denial) : .denial(denial))
    }

    /// The client is gone and the backend's answer is no longer wanted.
    func abandonCall() {
        let neverLeft = call?.stage == .notSent
        stopTimer()
        call?.cancel()
        call = nil
        answeredAt = plane.time.uptime()
        releaseLease()
        finishAttempt(neverLeft ? .failed(.notSent, status: 0) : .abandoned(status: answerStatus), then: .nothing)
    }

    /// Tries the next backend; its hold replaces this attempt's in one transaction.
    private func retry(after error: UpstreamError, denial: Denial) {
        guard let settlement = settlement(for: .failed(error.stage, status: 0)) else { return }
        failedAttempt = (settlement, denial)
        life.move(to: .admitting)
        seek()
    }

    func releaseLease() {
        releaseLeaseAfter(error: nil)
    }

    private func releaseLeaseAfter(error: String?) {
        guard let lease else { return }
        if let error {
            tried.insert(lease.backend.definition.id)
            plane.logger.warning(
                "an attempt failed",
                metadata: [
                    "request_id": "\(request.id)", "backend": "\(lease.backend.definition.name)",
                    "status": "\(answerStatus)", "reason": "\(error)",
                ])
        }
        self.lease = nil
        plane.router.release(lease, error: error)
    }
}
