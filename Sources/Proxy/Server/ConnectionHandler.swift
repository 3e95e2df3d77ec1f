import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import Tenancy

/// One client connection: reads requests one at a time, within limits, and writes their answers in order.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    let loop: LoopContext
    var plane: DataPlane { loop.plane }
    var context: ChannelHandlerContext?
    /// Where answers leave, as bytes already: before the decoder, which has nothing to do with them.
    private(set) var outlet: ChannelHandlerContext?
    /// Beneath the TLS of the connection, for ending it without a goodbye; nil where it has none.
    private(set) var beneathTLS: ChannelHandlerContext?
    /// No request has come yet.
    private(set) var isNew = true
    private var isFirst = false
    /// The client's address as the socket has it.
    private(set) var peerAddress: String?
    var incoming: IncomingRequest?
    private var refusal: Denial?
    var discardedBytes = 0
    var handler: RequestHandler?
    var queued = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 0)
    /// What is queued is being taken up.
    var isTakingUp = false
    /// Requests begun since nothing was queued at a read's end, and whether what is queued waits for another turn.
    var begun = 0
    var waitsForTurn = false
    /// What is behind the requests at hand is no HTTP: they are answered first.
    var refusalBehind: Denial?
    var readIsHeldBack = false
    var keepAlive = true
    var inputIsClosed = false
    var isLingering = false
    var deadline: Int64 = .max
    var headIsComing = false
    /// The shape of the head that is coming, as far as its first bytes tell.
    var comingShape: ErrorShape?
    var pace = BodyPace(since: 0, graceMS: 0)
    var reading = ReadProgress()
    /// The request at hand is a HEAD: its answer has no body.
    var isHead = false
    var version = HTTPVersion.http1_1
    /// The answer at hand has a body of unknown length: it goes out in chunks.
    var isChunked = false
    /// What waits to be written together: a head goes out with the first piece of its body.
    var unsent: ByteBuffer?
    /// Everything was written out and only the client's end is awaited.
    var answerIsOut = false

    init(loop: LoopContext, beneathTLS: ChannelHandlerContext?) {
        self.loop = loop
        self.beneathTLS = beneathTLS
    }

    /// A request is being read or answered, or waits for its turn, or the last answer is on its way out.
    var isBusy: Bool { handler != nil || incoming != nil || isLingering || waitsForTurn }

    /// The last answer is on its way out.
    var isAnswerLeaving: Bool { isLingering && !answerIsOut }

    /// All that has come is answered with the request at hand.
    var hasNothingBehind: Bool { queued.isEmpty && refusalBehind == nil }

    /// Nothing that still comes is anybody's: it is thrown away.
    private var isDeaf: Bool { isLingering || refusalBehind != nil || handler != nil && !keepAlive }

    /// Puts the connection and its decoder into a new channel.
    func join(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let arrivals = ArrivalHandler(isDeaf: { self.isDeaf }, arrived)
        try pipeline.addHandlers([
            arrivals, ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)), self,
        ])
        outlet = try pipeline.context(handler: arrivals)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        peerAddress = context.remoteAddress?.ipAddress
        loop.add(self)
        waitForRequest()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
        outlet = nil
        beneathTLS = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isLingering { return }
        let part = unwrapInboundIn(data)
        if mayBegin, queued.isEmpty { receive(part) } else { queued.append(part) }
        if handler == nil, !queued.isEmpty { waitForTurn() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if queued.isEmpty { begun = 0 }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if isDeaf { return SurplusPace.read(context) }
        // A pipelining client is not read from while an answer is under way; one that merely waits is, so that
        // its leaving is noticed.
        // One whose answers are not being read gets no further request in.
        let isBehind = handler == nil && !context.channel.isWritable
        guard !queued.isEmpty || isBehind else { return context.read() }
        readIsHeldBack = true
        if isBehind { watchReader() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            inputIsClosed = true
            if let handler {
                handler.clientHalfClosed()
            } else if waitsForTurn {
                return  // Those that came before are answered.
            } else if answerIsOut || !isLingering && ReadProgress.unread(context.channel) == 0 {
                close()
            } else if !isLingering {
                // An answer is still on its way out.
                sayGoodbye()
            }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let handler {
            watchReader()
            handler.clientWritable(isWritable)
        } else if isWritable, !isLingering {
            waitForRequest()
            if headIsComing { waitForHead() }
            if readIsHeldBack, queued.isEmpty {
                readIsHeldBack = false
                pace = BodyPace(since: plane.time.uptime(), graceMS: loop.limits.headerTimeoutMS)
                context.read()
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The rest of a refused request is thrown away, whatever it is; the deadline ends it.
        if isLingering, !(error is IOError) { return }
        // Over TLS too an end without a goodbye is only an end, and that is told next.
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        guard let parserError = error as? HTTPParserError else { return close() }
        // What ends within a request has ended, though that is only told next.
        if parserError == .invalidEOFState { inputIsClosed = true }
        let denial = Denial.notParsed(parserError)
        if handler == nil, queued.isEmpty { refuseAndClose(denial) } else { refusalBehind = denial }
    }

    // MARK: Reading a request

    func receive(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): receive(head)
        case .body(let bytes): receive(bytes)
        case .end: dispatch()
        }
    }

    private func receive(_ head: HTTPRequestHead) {
        isFirst = isNew
        isNew = false
        headIsComing = false
        let startedAt = plane.time.uptime()
        pace = BodyPace(since: startedAt, graceMS: loop.limits.headerTimeoutMS)
        watchReader()
        version = head.version == .http1_0 ? .http1_0 : .http1_1
        isHead = head.method == .HEAD
        // After an offer to upgrade the decoder reads no further request.
        keepAlive =
            head.isKeepAlive && version == .http1_1 && !RequestHeadCheck.offersUpgrade(head)
            && !plane.isDraining.load(ordering: .relaxed)
        if let denial = RequestHeadCheck.denial(for: head, maxBody: loop.limits.maxBody) {
            return refuseAndClose(denial, shape: ErrorShape(target: head.uri, headers: head.headers))
        }
        var route = Route.health
        switch Route.find(method: head.method.rawValue, target: head.uri) {
        case .success(let found): route = found
        case .failure(let denial): refusal = denial
        }
        let request = IncomingRequest(
            head, id: RequestID.make(at: plane.time.now(), using: &loop.randomness), route: route,
            startedAt: startedAt, memory: BodyReservation(plane))
        incoming = request
        // Bodies of requests whose key cannot be valid are never kept.
        if refusal == nil, route.needsKey, request.key == nil { refusal = .invalidKey }
        if head.headers.contains(name: "expect") {
            // A client that asks first is told at once, before it sends a body for nothing.
            if let refusal { return refuseAndClose(refusal) }
            sayContinue()
        }
    }

    private func receive(_ bytes: ByteBuffer) {
        guard let request = incoming else { return }
        // What nobody reads is not kept.
        if refusal != nil || !request.route.needsKey {
            discardedBytes += bytes.readableBytes
            if discardedBytes > loop.limits.maxBody { refuseAndClose(.bodyTooLarge(limit: loop.limits.maxBody)) }
            return
        }
        guard request.body.readableBytes + bytes.readableBytes <= loop.limits.maxBody else {
            return refuseAndClose(.bodyTooLarge(limit: loop.limits.maxBody))
        }
        if request.body.readableBytes + bytes.readableBytes > BodyReservation.small, !mayBeLarge(request) {
            discardedBytes = request.body.readableBytes + bytes.readableBytes
            request.body = ByteBuffer()
            request.memory.release()
            refusal = .invalidKey
            return
        }
        guard request.memory.grow(by: bytes.readableBytes) else { return refuseAndClose(.overloaded) }
        // Copied, so that the socket's receive buffer can be used again at once.
        request.body.writeImmutableBuffer(bytes)
    }

    /// Of a key that nobody has a large body is not kept: the memory is for those who have one.
    private func mayBeLarge(_ request: IncomingRequest) -> Bool {
        request.key.map { plane.keyRing.knows($0.publicID, at: plane.time.now()) } ?? false
    }

    private func dispatch() {
        guard let request = incoming else { return }
        incoming = nil
        discardedBytes = 0
        watchReader()
        if plane.isDraining.load(ordering: .relaxed) {
            keepAlive = false
            // The first request of a connection has nowhere else to go: it was accepted before the drain.
            refusal = refusal ?? (request.route.needsKey && !isFirst ? .draining : nil)
        }
        begun += 1
        let handler = RequestHandler(request, connection: self)
        self.handler = handler
        if let denial = refusal {
            refusal = nil
            handler.deny(denial)
        } else {
            handler.start()
        }
    }
}
