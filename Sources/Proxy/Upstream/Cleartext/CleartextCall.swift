import NIOCore

/// One call of a `CleartextClient`: collects what its connection reads and hands it to the delegate.
final class CleartextCall: UpstreamCall, LiveCall {
    /// The most body bytes of one delivery.
    private static let maxPiece = 64 * 1024
    /// Body bytes kept for a paused delegate before the connection stops reading.
    private static let maxKept = 16 * 1024

    var liveIndex = -1

    private var client: CleartextClient?
    private var delegate: (any UpstreamDelegate)?
    private var connection: CleartextConnection?
    private var limits: CallLimits
    private var head: UpstreamHead?
    private var body: ByteBuffer?
    private var hasHead = false
    private var isSent = false
    private var isPaused = false
    private var isReadPaused = false
    /// `send` has not returned yet, so the delegate must not hear anything.
    private var isStarting = true
    private var outcome: Result<Void, UpstreamError>?

    init(client: CleartextClient, delegate: any UpstreamDelegate, limits: CallLimits) {
        self.client = client
        self.delegate = delegate
        self.limits = limits
    }

    var isOver: Bool { client == nil }
    /// The client's time; nil once the call is over.
    var now: NIODeadline? { client?.now }

    var stage: UpstreamError.Stage {
        if hasHead { return .broken }
        return isSent ? .unanswered : .notSent
    }

    // MARK: Called by the owner of the call

    func cancel() {
        let (client, connection) = (self.client, self.connection)
        close()
        connection?.close()
        client?.release(self)
    }

    func pause() {
        isPaused = true
    }

    func resume() {
        guard isPaused, let client else { return }
        isPaused = false
        limits.didResume(at: client.now)
        deliverSoon()
    }

    // MARK: Called by the client

    func didStart() {
        isStarting = false
    }

    func checkLimits(at now: NIODeadline) {
        guard outcome == nil, let passed = limits.passed(at: now, isPaused: isPaused) else { return }
        fail(passed.reason, passed.detail)
    }

    /// Ends the call and its connection; the little that is kept back for a paused delegate comes first.
    func fail(_ reason: UpstreamFailureReason, _ detail: String) {
        guard outcome == nil, !isOver else { return }
        outcome = .failure(UpstreamError(stage: stage, reason: reason, detail: detail))
        isPaused = false
        let connection = self.connection
        self.connection = nil
        connection?.close()
        if isStarting { deliverSoon() } else { deliver() }
    }

    // MARK: Called by its connection

    func didBegin(on connection: CleartextConnection, at now: NIODeadline) {
        self.connection = connection
        limits.didSend(at: now)
    }

    func didSend() {
        isSent = true
    }

    func didRead(_ head: UpstreamHead) {
        hasHead = true
        self.head = head
        if let client { limits.didReadHead(at: client.now) }
    }

    func didRead(_ bytes: ByteBuffer) {
        guard let client else { return }
        limits.didReadBody(bytes.readableBytes, at: client.now)
        // Mostly the delegate has taken what came before.
        body.append(bytes)
        if isPaused, let body, body.readableBytes >= Self.maxKept {
            isReadPaused = true
            connection?.pauseReading()
        }
    }

    /// The answer is whole; the connection has gone its own way.
    func complete() {
        guard outcome == nil else { return }
        outcome = .success(())
        // Whose call comes next there did not pause it.
        if isReadPaused { connection?.resumeReading() }
        connection = nil
        deliver()
    }

    /// Tells the delegate what has come since the last time; it may end this or any other call meanwhile.
    func deliver() {
        if let head {
            self.head = nil
            delegate?.upstreamHead(head)
        }
        while !isPaused, let piece = nextPiece() {
            delegate?.upstreamBody(piece)
        }
        guard !isOver, !isPaused else { return }
        if let outcome {
            end(outcome)
        } else if isReadPaused {
            isReadPaused = false
            connection?.resumeReading()
        }
    }

    private func nextPiece() -> ByteBuffer? {
        if let body, body.readableBytes > Self.maxPiece { return self.body?.readSlice(length: Self.maxPiece) }
        return body.take()
    }

    private func deliverSoon() {
        client?.eventLoop.assumeIsolated().execute { self.deliver() }
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
        connection = nil
        head = nil
        body = nil
    }
}
