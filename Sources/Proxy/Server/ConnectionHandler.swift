import NIOCore
import NIOHTTP1
import Synchronization
import Tenancy

/// One client connection: reads requests one at a time, within limits, and writes their answers in order.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    /// A client that reads nothing for so long is cut.
    private static let stalledReaderNanoseconds: Int64 = 60_000_000_000
    /// Bytes a second a body must come with, once the grace of `header_timeout` is over.
    private static let slowestBody: Int64 = 1024

    let loop: LoopContext
    var plane: DataPlane { loop.plane }
    private(set) var context: ChannelHandlerContext?
    /// The client's address as the socket has it.
    private(set) var peer: SocketAddress?
    private var incoming: IncomingRequest?
    private var refusal: Denial?
    private var discardedBytes = 0
    private var handler: RequestHandler?
    private var queued: [HTTPServerRequestPart] = []
    private var readIsHeldBack = false
    private var keepAlive = true
    private var inputIsClosed = false
    private var isLingering = false
    private var deadline: Int64 = .max
    private var headIsComing = false
    private var bodySince: Int64 = 0

    init(loop: LoopContext) {
        self.loop = loop
    }

    /// A request is being read or answered.
    var isBusy: Bool { handler != nil || incoming != nil }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        peer = context.remoteAddress
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
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isLingering { return }
        let part = unwrapInboundIn(data)
        if handler == nil { receive(part) } else { queued.append(part) }
    }

    func read(context: ChannelHandlerContext) {
        // A pipelining client is not read from while an answer is under way; one that merely waits is, so that
        // its leaving is noticed.
        if queued.isEmpty { context.read() } else { readIsHeldBack = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            inputIsClosed = true
            if let handler { handler.clientHalfClosed() } else { close() }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let handler {
            let isWritable = context.channel.isWritable
            deadline = isWritable ? .max : plane.time.uptime() + Self.stalledReaderNanoseconds
            handler.clientWritable(isWritable)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError else { return close() }
        guard handler == nil, !isLingering else { return close() }
        let denial: Denial =
            parserError == .headerOverflow ? .headersTooLarge : .malformedRequest("The bytes are not HTTP/1.1.")
        refuseAndClose(denial)
    }

    // MARK: Reading a request

    private func receive(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): receive(head)
        case .body(let bytes): receive(bytes)
        case .end: dispatch()
        }
    }

    private func receive(_ head: HTTPRequestHead) {
        let now = plane.time.now()
        headIsComing = false
        bodySince = plane.time.uptime()
        deadline = .max
        keepAlive = head.isKeepAlive && !plane.isDraining.load(ordering: .relaxed)
        if let denial = RequestHeadCheck.denial(for: head, maxBody: plane.limits.maxBody) {
            return refuseAndClose(denial)
        }
        var route = Route.health
        switch Route.find(method: head.method.rawValue, target: head.uri) {
        case .success(let found): route = found
        case .failure(let denial): refusal = denial
        }
        let request = IncomingRequest(
            id: RequestID.make(at: now, using: &loop.randomness), route: route, headers: head.headers,
            key: PresentedKey.find(in: head.headers), startedAt: bodySince, body: ByteBuffer())
        incoming = request
        if refusal == nil, route.needsKey, !mayHoldKey(request.key) { refusal = .invalidKey }
    }

    /// Bodies of requests whose key cannot be valid are never kept.
    private func mayHoldKey(_ key: String?) -> Bool {
        guard var key else { return false }
        return key.withUTF8 { KeySecret.parse(UnsafeRawBufferPointer($0)) != nil }
    }

    private func receive(_ bytes: ByteBuffer) {
        guard var request = incoming else { return }
        if refusal != nil {
            discardedBytes += bytes.readableBytes
            if discardedBytes > plane.limits.maxBody { refuseAndClose(.bodyTooLarge(limit: plane.limits.maxBody)) }
            return
        }
        incoming = nil
        guard request.body.readableBytes + bytes.readableBytes <= plane.limits.maxBody else {
            plane.releaseBody(request.reservedBytes)
            return refuseAndClose(.bodyTooLarge(limit: plane.limits.maxBody), id: request.id)
        }
        guard plane.reserveBody(bytes.readableBytes) else {
            plane.releaseBody(request.reservedBytes)
            return refuseAndClose(.overloaded, id: request.id)
        }
        request.reservedBytes += bytes.readableBytes
        if request.body.readableBytes == 0 { request.body = bytes } else { request.body.writeImmutableBuffer(bytes) }
        incoming = request
    }

    private func dispatch() {
        guard let request = incoming else { return }
        incoming = nil
        if plane.isDraining.load(ordering: .relaxed) {
            keepAlive = false
            refusal = refusal ?? (request.route.needsKey ? .draining : nil)
        }
        let handler = RequestHandler(request, connection: self)
        self.handler = handler
        if let denial = refusal {
            refusal = nil
            discardedBytes = 0
            handler.deny(denial)
        } else {
            handler.start()
        }
    }

    // MARK: Answering

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func writeHead(status: Int, headers: HTTPHeaders) {
        var headers = headers
        if !keepAlive || inputIsClosed { headers.add(name: "connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    func writeBody(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }

    func flush() {
        context?.flush()
    }

    /// Ends the answer at hand and turns to the next request, or closes.
    func endAnswer(closing: Bool = false) {
        guard let context, let handler else { return }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        plane.releaseBody(handler.request.reservedBytes)
        self.handler = nil
        if closing || !keepAlive || inputIsClosed && queued.isEmpty { return close() }
        waitForRequest()
        let parts = queued
        queued.removeAll(keepingCapacity: true)
        for (index, part) in parts.enumerated() {
            if self.handler != nil {
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

    /// Answers a request that never became whole, and closes: its rest is read and thrown away for a moment,
    /// because closing a socket with unread bytes would take the answer back from the client.
    private func refuseAndClose(_ denial: Denial, id: RequestID? = nil) {
        guard let context, !isLingering else { return }
        if let request = incoming { plane.releaseBody(request.reservedBytes) }
        let id = id ?? incoming?.id ?? RequestID.make(at: plane.time.now(), using: &loop.randomness)
        incoming = nil
        keepAlive = false
        isLingering = true
        deadline = plane.time.uptime() + 2_000_000_000
        let response = ErrorResponse(denial)
        plane.metrics.count(tenant: "", pool: "", model: "", outcome: denial.outcome)
        let body = response.body(requestID: id)
        writeHead(status: response.status, headers: response.headers(requestID: id, bodyBytes: body.readableBytes))
        writeBody(body)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
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
            if headIsComing { refuseAndClose(.requestTimeout) } else { close() }
        }
    }

    /// Bytes came in: if they begin a request, its head must be whole within `header_timeout`.
    func bytesArrived() {
        guard !headIsComing, !isBusy, !isLingering else { return }
        headIsComing = true
        deadline = plane.time.uptime() + plane.limits.headerTimeoutMS * 1_000_000
    }

    func closeWhenIdle() {
        keepAlive = false
        if !isBusy { close() }
    }

    func cut() {
        close()
    }

    private func close() {
        context?.close(mode: .all, promise: nil)
    }

    private func waitForRequest() {
        deadline = plane.time.uptime() + plane.limits.idleTimeoutMS * 1_000_000
    }

    private func leave() {
        loop.remove(self)
        if let request = incoming {
            incoming = nil
            plane.releaseBody(request.reservedBytes)
        }
        guard let handler else { return }
        self.handler = nil
        plane.releaseBody(handler.request.reservedBytes)
        handler.clientLeft()
    }
}
