import NIOCore
import NIOHTTP1
import Synchronization
import Tenancy

/// Writing answers, and the end of a connection.
extension ConnectionHandler {
    /// How long a client may take to close after the last answer.
    private static let lingerNanoseconds: Int64 = 2_000_000_000

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// From now on the client must go on reading; there is no limit while little of what was written waits for it.
    func watchReader() {
        guard let channel = context?.channel, !channel.isWritable else {
            deadline = .max
            return
        }
        deadline = readerDeadline
        reading.begin(channel)
    }

    /// When a client is cut that reads nothing from now on.
    private var readerDeadline: Int64 { plane.time.uptime() + loop.limits.readerTimeoutMS * 1_000_000 }

    /// Room for a head and a small body.
    private static let answerBytes = 2048
    /// Bodies up to this size are copied behind what goes out before them; larger ones are written as they are.
    private static let copiedBytes = 16 * 1024

    /// An answer's head, to be filled with the gateway's own fields and given to `write`.
    func head(status: Int) -> AnswerHead {
        AnswerHead(status: status, version: version, after: unsent.take() ?? loop.answerRoom.take(Self.answerBytes))
    }

    /// Begins an answer. A body without `content-length` goes out in chunks, or to a client of HTTP/1.0 until the
    /// connection closes.
    func write(_ head: consuming AnswerHead) {
        isChunked = version == .http1_1 && !head.hasLength
        unsent = head.end(isChunked: isChunked, isLast: !keepAlive || inputIsClosed && hasNothingBehind)
    }

    /// The whole answer that says a denial, to whom is known by now.
    func refuse(_ denial: Denial, of request: IncomingRequest, _ principal: Principal?) {
        let response = ErrorResponse(denial, shape: request.shape)
        let body = response.body(requestID: request.id)
        var head = head(status: response.status)
        head.add(fields: response.headers(requestID: request.id, bodyBytes: body.readableBytes))
        if let principal { plane.addQuotaHeaders(of: principal, to: &head) }
        write(head)
        writeBody(body)
        endAnswer()
    }

    func writeBody(_ bytes: ByteBuffer) {
        if isHead || bytes.readableBytes == 0 { return }
        if !isChunked, bytes.readableBytes > Self.copiedBytes {
            writeUnsent()
            return write(bytes)
        }
        var pending = unsent.take() ?? loop.answerRoom.take(bytes.readableBytes + ResponseBytes.chunkRoom)
        if isChunked { ResponseBytes.writeChunk(bytes, to: &pending) } else { pending.writeImmutableBuffer(bytes) }
        unsent = pending
    }

    func flush() {
        writeUnsent()
        outlet?.flush()
    }

    private func writeUnsent() {
        guard let bytes = unsent.take(), bytes.readableBytes > 0 else { return }
        write(bytes)
        loop.answerRoom.keep(bytes)
    }

    private func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        outlet?.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    /// The client waits for a word before it sends its body.
    func sayContinue() {
        guard version == .http1_1 else { return }
        write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        flush()
    }

    /// Completes the answer's bytes, which leave with the next flush.
    private func writeEnd() {
        guard isChunked else { return }
        isChunked = false
        if isHead { return }
        var pending = unsent.take() ?? loop.answerRoom.take(ResponseBytes.lastChunk.utf8CodeUnitCount)
        pending.writeStaticString(ResponseBytes.lastChunk)
        unsent = pending
    }

    /// Ends the answer at hand and turns to the next request, or closes.
    func endAnswer(closing: Bool = false) {
        guard handler != nil else { return }
        handler = nil
        if closing || !keepAlive || inputIsClosed && hasNothingBehind { return sayGoodbye() }
        writeEnd()
        flush()
        isHead = false
        waitForRequest()
        takeUpQueued()
    }

    /// Requests that are begun for one client before the loop looks at others again: those answered at once come by the
    /// thousand in one read.
    private static let begunPerTurn = 8

    /// The next part may be handed on now.
    var mayBegin: Bool { handler == nil && begun < Self.begunPerTurn }

    func waitForTurn() {
        guard !waitsForTurn else { return }
        waitsForTurn = true
        loop.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) {
            self.waitsForTurn = false
            self.begun = 0
            self.takeUpQueued()
        }
    }

    /// Hands on what came while an answer was under way, up to the request that is to be answered next.
    private func takeUpQueued() {
        // Those that are answered at once end their answers within this.
        guard let context, !isTakingUp, !waitsForTurn else { return }
        isTakingUp = true
        while mayBegin, let part = queued.popFirst() { receive(part) }
        isTakingUp = false
        if handler == nil, !queued.isEmpty { return waitForTurn() }
        if handler == nil, let denial = refusalBehind.take() { return refuseAndClose(denial) }
        if readIsHeldBack, queued.isEmpty, context.channel.isWritable || handler != nil {
            readIsHeldBack = false
            context.read()
        }
    }

    /// Answers a request that never became whole, and closes; without a `shape` nobody knows what was asked.
    func refuseAndClose(_ denial: Denial, shape: ErrorShape? = nil) {
        guard context != nil, !isLingering else { return }
        let id = incoming?.id ?? RequestID.make(at: plane.time.now(), using: &loop.randomness)
        plane.requestLog {
            var line = RequestLine(id, at: plane.time.now(), outcome: denial.outcome)
            line.refused(denial)
            return line
        }
        let known = incoming?.shape ?? shape ?? (headIsComing ? comingShape : nil)
        incoming = nil
        keepAlive = false
        let response = ErrorResponse(denial, shape: known ?? .openAI)
        plane.metrics.count(tenant: "", pool: "", model: "", outcome: denial.outcome)
        let body = response.body(requestID: id)
        var head = head(status: response.status)
        head.add(fields: response.headers(requestID: id, bodyBytes: body.readableBytes))
        if known == nil { head.add("request-id", id.text) }
        write(head)
        writeBody(body)
        sayGoodbye()
    }

    /// Ends the last answer. The socket closes only once all of it has left, and what the client still sends is read
    /// and thrown away for a moment: closing a socket with unread bytes would take the answer back from the client.
    func sayGoodbye() {
        guard let context else { return }
        queued.removeAll()
        isLingering = true
        headIsComing = false
        deadline = readerDeadline
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in self.answerLeft() }
        writeEnd()
        write(unsent.take() ?? ByteBuffer(), promise: sent)
        outlet?.flush()
        if !answerIsOut { reading.begin(context.channel) }
        context.read()
    }

    private func answerLeft() {
        answerIsOut = true
        // Not within the write that has just ended: a goodbye of TLS could not be written there.
        if inputIsClosed { return loop.eventLoop.assumeIsolated().execute { self.close() } }
        deadline = plane.time.uptime() + Self.lingerNanoseconds
        context?.close(mode: .output, promise: nil)
    }

    // MARK: Ending

    /// Ends a connection that passed its deadline, and says whether it did; called about once a second.
    func endsIfPastDeadline(_ now: Int64) -> Bool {
        let isHeard = !isLingering && !readIsHeldBack
        if let incoming, isHeard {
            let received = incoming.body.readableBytes + discardedBytes
            guard pace.isTooSlow(received: received, at: now) else { return false }
            refuseAndClose(.requestTimeout)
            return true
        }
        guard now > deadline else {
            if let channel = context?.channel { reading.settle(channel) }
            return false
        }
        if let channel = context?.channel, reading.goesOn(channel) {
            deadline = readerDeadline
            return false
        }
        if headIsComing, isHeard { refuseAndClose(.requestTimeout) } else { close() }
        return true
    }

    /// Bytes came in: if they begin a request, its head must be whole within `header_timeout`.
    func arrived(_ bytes: ByteBuffer) {
        guard !headIsComing, handler == nil, incoming == nil, !isLingering else { return }
        headIsComing = true
        comingShape = ErrorShape(firstBytes: bytes)
        waitForHead()
    }

    func waitForHead() {
        deadline = plane.time.uptime() + loop.limits.headerTimeoutMS * 1_000_000
    }

    /// The process is stopping: no further request, but what was written still leaves.
    func closeWhenIdle() {
        keepAlive = false
        if isBusy { return }
        if !isNew { return sayGoodbye() }
        // Of one whose handshake is not over nothing could leave.
        isLingering = true
        answerLeft()
    }

    func cut() {
        close()
    }

    /// Over TLS an answer that is cut off ends without the goodbye that would call it whole, and at once.
    func close() {
        let isCut = handler != nil
        (isCut ? beneathTLS ?? context : context)?.close(mode: .all, promise: nil)
    }

    func waitForRequest() {
        // The client has its answer first.
        if !isWritable { return watchReader() }
        deadline = plane.time.uptime() + loop.limits.idleTimeoutMS * 1_000_000
    }

    func leave() {
        loop.remove(self)
        incoming = nil
        guard let handler else { return }
        self.handler = nil
        handler.clientLeft()
    }
}
