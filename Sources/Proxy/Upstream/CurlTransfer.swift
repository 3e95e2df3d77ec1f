import CCurl
import NIOCore

/// One upstream call on a `CurlMulti`: collects what libcurl's callbacks bring and delivers it outside of them.
final class CurlTransfer: UpstreamCall {
    /// Body bytes kept for the delegate before libcurl is told to stop reading.
    static let maxBuffered = 64 * 1024

    var handle: CurlHandle?
    /// Position in the client's list of live calls.
    var liveIndex = -1
    /// Whether the client's list of calls to deliver holds this one.
    var isDirty = false

    private var client: CurlMulti?
    private var delegate: (any UpstreamDelegate)?
    private let timeouts: UpstreamTimeouts
    private let bodyCount: Int
    private let startedAt: NIODeadline
    private var sentAt: NIODeadline?
    private var lastByteAt: NIODeadline?
    private var sendCount = 0
    private var parser = ResponseHeadParser()
    private var head: UpstreamHead?
    private var body = ByteBuffer()
    private var isMalformed = false
    private var isPaused = false
    private var isReadPaused = false
    private var outcome: Result<Void, UpstreamError>?

    init(_ request: UpstreamRequest, client: CurlMulti, delegate: any UpstreamDelegate, now: NIODeadline) {
        self.client = client
        self.delegate = delegate
        timeouts = request.timeouts
        bodyCount = CurlOptions.hasBody(request.method) ? request.body.readableBytes : 0
        startedAt = now
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
        lastByteAt = lastByteAt.map { _ in client.now }
        client.markDirty(self)
    }

    // MARK: Called from inside libcurl

    /// False if libcurl is about to send the request a second time, which it does by itself when a reused connection
    /// turns out dead: the peer may have acted on the first.
    func willSend() -> Bool {
        sendCount += 1
        sentAt = client?.now
        return sendCount == 1
    }

    func didReadHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        switch parser.take(line) {
        case .more: return true
        case .malformed:
            isMalformed = true
            return false
        case .complete(let head):
            self.head = head
            lastByteAt = client?.now
            client?.markDirty(self)
            return true
        }
    }

    /// The number of bytes taken, or nil to make libcurl keep them and stop reading.
    func didReadBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty else { return 0 }
        guard let client, parser.isComplete else {
            isMalformed = true
            return 0
        }
        if isPaused || body.readableBytes >= Self.maxBuffered {
            isReadPaused = true
            client.markDirty(self)
            return nil
        }
        lastByteAt = client.now
        body.writeBytes(bytes)
        client.markDirty(self)
        return bytes.count
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
        guard outcome == nil else { return nil }
        if Self.isPast(timeouts.totalMS, since: startedAt, now) {
            return UpstreamError(stage: stage, reason: .totalTimeout, detail: "no end within \(timeouts.totalMS) ms")
        }
        if let lastByteAt {
            guard !isPaused, Self.isPast(timeouts.idleMS, since: lastByteAt, now) else { return nil }
            return UpstreamError(stage: stage, reason: .idleTimeout, detail: "no byte for \(timeouts.idleMS) ms")
        }
        guard let sentAt, Self.isPast(timeouts.firstByteMS, since: sentAt, now) else { return nil }
        return UpstreamError(
            stage: stage, reason: .firstByteTimeout, detail: "no response head within \(timeouts.firstByteMS) ms")
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
        if isMalformed || code == CURLE_OK {
            return UpstreamError(
                stage: parser.isComplete ? .broken : stage, reason: .malformed,
                detail: "response head malformed or over \(ResponseHeadParser.maxBytes) bytes")
        }
        let reason = CurlFailure.reason(of: code, didConnect: sendCount > 0)
        return UpstreamError(
            stage: stage, reason: reason, detail: CurlFailure.detail(of: code, message: handle?.failureText ?? ""))
    }

    private static func isPast(_ limitMS: Int64, since start: NIODeadline, _ now: NIODeadline) -> Bool {
        limitMS > 0 && (now - start).nanoseconds / 1_000_000 >= limitMS
    }
}
