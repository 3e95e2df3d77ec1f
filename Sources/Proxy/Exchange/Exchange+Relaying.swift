import NIOCore
import Tenancy

/// The answer on its way to the client while it still comes.
extension Exchange {
    /// Sends on what came of an event stream.
    func relayEvents(_ bytes: ByteBuffer) {
        noteFirstByte()
        if life.clientIsGone { return }
        beginEvents()
        send(bytes)
    }

    /// The head of an event stream, unless it was sent.
    func beginEvents() {
        if life.headIsSent { return }
        life.sentHead()
        var head = answerHead(contentType: "text/event-stream; charset=utf-8")
        head.add("cache-control", "no-cache")
        head.add("x-accel-buffering", "no")
        connection.write(head)
    }

    /// Sends on what came of a body that is not held whole.
    func pass(_ bytes: ByteBuffer?, of relay: BodyRelay) {
        if relay.isMalformed { return breakCall(.malformed) }
        guard let bytes else { return }
        noteFirstByte()
        if life.clientIsGone { return }
        beginBody(relay)
        send(bytes)
    }

    /// The head of a body that is not held whole, unless it was sent: its cost is not known yet.
    func beginBody(_ relay: BodyRelay) {
        if life.headIsSent { return }
        life.sentHead()
        var head = answerHead(contentType: relay.contentType)
        if let length = relay.length { head.add(bodyBytes: Int(clamping: length)) }
        connection.write(head)
    }

    /// A body grew too long to be held; only answers may be so long.
    func outgrow(_ contentType: String, _ body: ByteBuffer) {
        guard answerStatus == 200 else { return breakCall(.malformed) }
        let relay = BodyRelay(dialect, contentType: contentType, length: nil, isJSON: true)
        _ = relay.feed(body)
        answer = .body(relay)
        if relay.isMalformed { breakCall(.malformed) }
    }

    private func noteFirstByte() {
        guard firstEventAt == 0 else { return }
        firstEventAt = plane.time.uptime()
        plane.metrics.observe(firstTokenNanoseconds: firstEventAt - request.startedAt)
        if let lease { plane.router.answering(lease) }
    }

    private func send(_ bytes: ByteBuffer) {
        connection.writeBody(bytes)
        connection.flush()
        if !connection.isWritable { call?.pause() }
    }

    // MARK: The end of what was relayed

    /// The last piece, once the entry is on disk.
    func finishBody() {
        guard case .body(let relay) = answer else { return }
        beginBody(relay)
        connection.writeBody(relay.heldBack)
        connection.endAnswer()
    }

    /// Says in the route's own words that the answer broke, and ends the connection.
    func breakOff(_ denial: Denial) {
        guard case .events(let relay) = answer else {
            // Nothing can be said inside a body: that it was cut short is the word.
            connection.flush()
            return connection.cut()
        }
        if let last = relay.giveUp() { connection.writeBody(last) }
        connection.writeBody(
            BrokenStreamEvent.bytes(
                ErrorResponse(denial, shape: request.shape), dialect: dialect, requestID: request.id,
                sequence: relay.nextSequence))
        connection.endAnswer(closing: true)
    }
}
