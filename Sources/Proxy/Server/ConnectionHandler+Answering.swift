import NIOCore
import NIOHTTP1
import Synchronization
import Tenancy

/// Writing answers, and the end of a connection.
extension ConnectionHandler {
    /// How long a client may take to close after the last answer.
    private static let lingerNanoseconds: Int64 = 2_000_000_000

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Sends a head; the fields are the gateway's own, so they are taken as they are.
    func writeHead(status: Int, headers: [(String, String)]) {
        var headers = headers
        if !keepAlive || inputIsClosed { headers.append(("connection", "close")) }
        let head = HTTPResponseHead(
            version: version, status: HTTPResponseStatus(statusCode: status), headers: HTTPHeaders(headers))
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    func writeBody(_ bytes: ByteBuffer) {
        if isHead { return }
        context?.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }

    func flush() {
        context?.flush()
    }

    /// The client waits for a word before it sends its body.
    func sayContinue() {
        guard let context, version == .http1_1 else { return }
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Ends the answer at hand and turns to the next request, or closes.
    func endAnswer(closing: Bool = false) {
        guard let context, handler != nil else { return }
        handler = nil
        if closing || !keepAlive || inputIsClosed && queued.isEmpty { return sayGoodbye() }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        waitForRequest()
        let parts = queued
        queued.removeAll(keepingCapacity: true)
        for (index, part) in parts.enumerated() {
            if handler != nil {
                queued.append(contentsOf: parts[index...])
                break
            }
            receive(part)
        }
        if readIsHeldBack, queued.isEmpty {
            readIsHeldBack = false
            context.read()
        }
    }

    /// Answers a request that never became whole, and closes.
    func refuseAndClose(_ denial: Denial) {
        guard context != nil, !isLingering else { return }
        let id = incoming?.id ?? RequestID.make(at: plane.time.now(), using: &loop.randomness)
        incoming = nil
        keepAlive = false
        let response = ErrorResponse(denial)
        plane.metrics.count(tenant: "", pool: "", model: "", outcome: denial.outcome)
        let body = response.body(requestID: id)
        writeHead(status: response.status, headers: response.headers(requestID: id, bodyBytes: body.readableBytes))
        writeBody(body)
        sayGoodbye()
    }

    /// Ends the last answer. The socket closes only once all of it has left, and what the client still sends is read
    /// and thrown away for a moment: closing a socket with unread bytes would take the answer back from the client.
    private func sayGoodbye() {
        guard let context else { return }
        queued.removeAll()
        isLingering = true
        headIsComing = false
        deadline = plane.time.uptime() + Self.stalledReaderNanoseconds
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in self.answerLeft() }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
        context.read()
    }

    private func answerLeft() {
        answerIsOut = true
        if inputIsClosed { return close() }
        deadline = plane.time.uptime() + Self.lingerNanoseconds
        context?.close(mode: .output, promise: nil)
    }

    // MARK: Ending

    /// Cuts connections that passed their deadline; called about once a second.
    func checkDeadline(_ now: Int64) {
        if let incoming, !isLingering {
            let grace = plane.limits.headerTimeoutMS * 1_000_000
            let seconds = (now - bodySince - grace) / 1_000_000_000
            let received = Int64(incoming.body.readableBytes + discardedBytes)
            if seconds > 0, received < seconds * Self.slowestBody { refuseAndClose(.requestTimeout) }
        } else if now > deadline {
            if headIsComing, !isLingering { refuseAndClose(.requestTimeout) } else { close() }
        }
    }

    /// Bytes came in: if they begin a request, its head must be whole within `header_timeout`.
    func bytesArrived() {
        guard !headIsComing, handler == nil, incoming == nil, !isLingering else { return }
        headIsComing = true
        deadline = plane.time.uptime() + plane.limits.headerTimeoutMS * 1_000_000
    }

    /// The process is stopping: no further request, but what was written still leaves.
    func closeWhenIdle() {
        keepAlive = false
        guard let context, !isBusy else { return }
        isLingering = true
        answerIsOut = true
        deadline = plane.time.uptime() + Self.lingerNanoseconds
        context.close(mode: .output, promise: nil)
    }

    func cut() {
        close()
    }

    func close() {
        context?.close(mode: .all, promise: nil)
    }

    func waitForRequest() {
        deadline = plane.time.uptime() + plane.limits.idleTimeoutMS * 1_000_000
    }

    func leave() {
        loop.remove(self)
        incoming = nil
        guard let handler else { return }
        self.handler = nil
        handler.clientLeft()
    }
}
