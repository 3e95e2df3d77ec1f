import CCurl
import NIOCore

/// One upstream call on a `CurlMulti`: collects what libcurl's callbacks bring and delivers it outside of them.
final class CurlTransfer: UpstreamCall, LiveCall {
    /// Body bytes kept for the delegate before libcurl is told to stop reading.
    static let maxBuffered = 64 * 1024

    var handle: CurlHandle?
    var liveIndex = -1
    /// Whether the client's list of calls to deliver holds this one.
    var isDirty = false

    private var client: CurlMulti?
    private var delegate: (any UpstreamDelegate)?
    private let bodyCount: Int
    private var limits: CallLimits
    private var sendCount = 0
    private var parser = ResponseHeadParser()
    private var head: UpstreamHead?
    private var body = ByteBuffer()
    private var bodyRead: Int64 = 0
    private var headTurn: UInt64 = 0
    /// What makes the answer one that is not to be believed.
    private var malformation: String?
    /// The last address that the egress rule refused, in words.
    private var forbidden: String?
    private var isPaused = false
    private var isReadPaused = false
    private var outcome: Result<Void, UpstreamError>?

    init(_ request: UpstreamRequest, client: CurlMulti, delegate: any UpstreamDelegate, now: NIODeadline) {
        self.client = client
        self.delegate = delegate
        limits = CallLimits(request.timeouts, startedAt: now)
        bodyCount = FieldSyntax.hasBody(request.method) ? request.body.readableBytes : 0
    }

    var isOver: Bool { client == nil }

    // MARK: Called by the owner of the call

    func cancel() {
        let client = self.client
        close()
        client?.release(self)
    }

    func pause() {
        isPaused = true
    }

    func resume() {
        guard isPaused, let client else { return }
        isPaused = false
        limits.didResume(at: client.now)
        client.markDirty(self)
    }

    // MARK: Called from inside libcurl

    /// False if libcurl is about to send the request a second time, which it does by itself when a reused connection
    /// turns out dead: the peer may have acted on the first.
    func willSend() -> Bool {
        sendCount += 1
        if let client { limits.didSend(at: client.now) }
        return sendCount == 1
    }

    func didForbid(_ address: String) {
        forbidden = address
    }

    func didReadHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        switch parser.take(line) {
        case .more: return true
        case .malformed(let why):
            malformation = why
            return false
        case .complete(let head):
            self.head = head
            guardConnection()
            if let client {
                limits.didReadHead(at: client.now)
                headTurn = client.turn
                client.markDirty(self)
            }
            return true
        }
    }

    /// The number of bytes taken, or nil to make libcurl keep them and stop reading.
    func didReadBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty else { return 0 }
        guard let client, parser.isComplete, !parser.framing.isCoded else {
            malformation = parser.isComplete ? "the body is coded, identity was asked for" : "a body without a head"
            return 0
        }
        if isPaused || body.readableBytes >= Self.maxBuffered {
            isReadPaused = true
            client.markDirty(self)
            return nil
        }
        limits.didReadBody(bytes.count, at: client.now)
        bodyRead += Int64(bytes.count)
        if parser.framing.length == bodyRead, let handle {
            // What came in one read with the head libcurl has checked; later it reads no further than the body's end.
            if handle.hasUnreadBytes(asksSocket: headTurn != client.turn) { handle.forbidReuse() }
        }
        body.writeBytes(bytes)
        client.markDirty(self)
        return bytes.count
    }

    /// Takes care, at the head, that bytes which are not this answer never become another call's.
    private func guardConnection() {
        guard let handle else { return }
        let framing = parser.framing
        if framing.isStreamed {
            handle.carriesStreams()
        } else if framing.length == 0 {
            // libcurl drops what follows such a head in the same read, and does not tell.
            handle.forbidReuse()
        } else if framing.isChunked {
            handle.watchForLeftovers()
        }
        // An early answer: the rest of the request may still lie unread before the next one.
        if !handle.hasSentBody(ofCount: bodyCount) { handle.forbidReuse() }
    }

    // MARK: Called by the client, outside libcurl

    /// Takes libcurl's result while the handle is still there to ask for details.
    func didFinish(_ code: CURLcode) {
        guard outcome == nil else { return }
        if code == CURLE_OK, parser.isComplete {
            outcome = .success(())
        } else {
            outcome = .failure(failure(code))
        }
    }

    /// Ends the call for a reason of ours; the little that is kept back for a paused delegate comes first.
    func fail(_ error: UpstreamError) {
        guard outcome == nil else { return }
        outcome = .failure(error)
        isPaused = false
    }

    /// Ends the call because the client goes away.
    func failOnShutdown() {
        fail(UpstreamError(stage: stage, reason: .reset, detail: "client is shut down"))
    }

    /// Tells the delegate what has come since the last time; it may end this or any other call meanwhile.
    func deliver() {
        if let head {
            self.head = nil
            delegate?.upstreamHead(head)
        }
        if !isPaused, body.readableBytes > 0 {
            let bytes = body
            body = ByteBuffer()
            delegate?.upstreamBody(bytes)
        }
        guard !isOver, !isPaused, body.readableBytes == 0 else { return }
        if let outcome {
            end(outcome)
        } else if isReadPaused, let handle {
            isReadPaused = false
            client?.unpause(handle)
        }
    }

    /// The error to end with if a time limit has passed.
    func expiry(at now: NIODeadline) -> UpstreamError? {
        guard outcome == nil, let passed = limits.passed(at: now, isPaused: isPaused) else { return nil }
        return UpstreamError(stage: stage, reason: passed.reason, detail: passed.detail)
    }

    private func end(_ outcome: Result<Void, UpstreamError>) {
        let (client, delegate) = (self.client, self.delegate)
        close()
        client?.release(self)
        switch outcome {
        case .success: delegate?.upstreamEnd(nil)
        case .failure(let error): delegate?.upstreamEnd(error)
        }
    }

    private func close() {
        client = nil
        delegate = nil
        head = nil
        body = ByteBuffer()
    }

    var stage: UpstreamError.Stage {
        if parser.isComplete { return .broken }
        guard sendCount > 0 else { return .notSent }
        // Once libcurl has begun anew the counters are those of the second try.
        let isSent = sendCount > 1 || handle?.hasSentBody(ofCount: bodyCount) ?? true
        return isSent ? .unanswered : .notSent
    }

    private func failure(_ code: CURLcode) -> UpstreamError {
        if sendCount > 1 {
            return UpstreamError(stage: stage, reason: .reset, detail: "connection closed before the response")
        }
        if let forbidden, sendCount == 0, code == CURLE_COULDNT_CONNECT {
            return UpstreamError(stage: .notSent, reason: .forbiddenAddress, detail: forbidden)
        }
        if malformation != nil || code == CURLE_OK {
            return UpstreamError(
                stage: stage, reason: .malformed, detail: malformation ?? "the response ended inside its head")
        }
        let reason = CurlFailure.reason(of: code, didConnect: sendCount > 0)
        return UpstreamError(
            stage: stage, reason: reason, detail: CurlFailure.detail(of: code, message: handle?.failureText ?? ""))
    }
}
