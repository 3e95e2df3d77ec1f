import NIOCore
import NIOHTTP1

/// Refuses on a listener of another server what the data plane refuses: heads whose framing or host is in doubt, or
/// that are too large or too slow; it ends connections whose client does not read. Nothing behind a refused request, or
/// behind one that ends its connection, is read, nor is the body of an answered request without end.
final class HeadGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a client may take to close once it has its last answer.
    private static let linger = TimeAmount.seconds(2)
    /// How long the whole connection stays when the server wants it closed, as it does at a stop.
    private static let heldAtMost = TimeAmount.seconds(30)
    /// Bytes of a request that are still read, and thrown away, once it is answered.
    private static let surplusLimit = 1 << 20

    private let wording: HeadGuardSetup.Wording
    private let reader = ReaderWatch()
    /// Requests handed on whose answers have not ended.
    private var unanswered = 0
    /// Answers that have ended here and have not left.
    private var leaving = 0
    /// What the server wants closed once they have.
    private var closing: [(mode: CloseMode, promise: EventLoopPromise<Void>?)] = []
    /// Bytes of the request at hand that came after its answer.
    private var surplus = 0
    /// The request at hand is not whole.
    private var isWithin = false
    /// The request at hand is the connection's last.
    private var isLast = false
    /// Nothing more is handed on: what still comes is nobody's.
    private(set) var isOver = false
    /// The refusal that waits for the answers before it.
    private var waiting: (denial: Denial, isHead: Bool, target: String)?

    init(wording: @escaping HeadGuardSetup.Wording) {
        self.wording = wording
    }

    func handlerRemoved(context: ChannelHandlerContext) { reader.stop() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        watch(context)
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOver { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let denial = RequestHeadCheck.denial(for: head, maxBody: .max, passesTrace: true) {
                return refuse(denial, isHead: head.method == .HEAD, target: head.uri, context)
            }
            unanswered &+= 1
            isWithin = true
            isLast = !head.isKeepAlive || RequestHeadCheck.offersUpgrade(head)
            surplus = 0
        case .body(let bytes):
            if unanswered == 0 { surplus &+= bytes.readableBytes }
            if surplus > Self.surplusLimit {
                isOver = true
                return endOnceAllHasLeft(context)
            }
        case .end:
            isWithin = false
            isOver = isLast
        }
        context.fireChannelRead(data)
        endOnceAllHasLeft(context)
    }

    func read(context: ChannelHandlerContext) {
        if isOver { SurplusPace.read(context) } else { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isLast && unanswered == 1 && head.status.code >= 200:
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            unanswered = max(0, unanswered &- 1)
            writeEnd(data, promise, context)
            answerIfAllElseIs(context)
        default: context.write(data, promise: promise)
        }
    }

    /// The server closes as soon as it has written an answer; the client must have it first, and begins nothing more.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if leaving == 0 || mode == .input { return context.close(mode: mode, promise: promise) }
        isOver = true
        closing.append((mode, promise))
        if mode == .all { closeLater(context, after: Self.heldAtMost) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is RequestDeadline.HeadIsLate else { return context.fireUserInboundEventTriggered(event) }
        if !isOver { refuse(.requestTimeout, context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        // Bytes behind the last request are nobody's.
        if isOver { return }
        if !isWithin { return refuse(.notParsed(error), context) }
        // Whoever reads the body is told, and answers.
        isOver = true
        context.fireErrorCaught(error)
        endOnceAllHasLeft(context)
    }

    private func refuse(
        _ denial: Denial, isHead: Bool = false, target: String = "", _ context: ChannelHandlerContext
    ) {
        isOver = true
        waiting = (denial, isHead, target)
        answerIfAllElseIs(context)
    }

    private func answerIfAllElseIs(_ context: ChannelHandlerContext) {
        guard unanswered == 0, let (denial, isHead, target) = waiting else { return }
        waiting = nil
        let words = ErrorResponse(denial, shape: .openAI)
        let status = HTTPResponseStatus(statusCode: words.status)
        let (body, type) = wording(
            HeadRefusal(
                status: words.status, reason: status.reasonPhrase, code: words.code, message: words.message,
                target: target))
        let headers = HTTPHeaders([
            ("content-type", type), ("connection", "close"), ("content-length", String(body.readableBytes)),
        ])
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        writeEnd(wrapOutboundOut(.end(nil)), nil, context)
    }

    private func writeEnd(_ end: NIOAny, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.cascade(to: promise)
        leaving += 1
        sent.futureResult.assumeIsolated().whenComplete { _ in self.left(context) }
        context.writeAndFlush(end, promise: sent)
        watch(context)
    }

    /// While something waits for the client to read it.
    private func watch(_ context: ChannelHandlerContext) {
        if leaving > 0 || !context.channel.isWritable { reader.start(context) } else { reader.stop() }
    }

    private func left(_ context: ChannelHandlerContext) {
        leaving -= 1
        guard leaving == 0 else { return }
        watch(context)
        // Not within the write that has just ended: a goodbye of TLS could not be written there.
        context.eventLoop.assumeIsolated().execute { self.closeOnceAllHasLeft(context) }
    }

    private func closeOnceAllHasLeft(_ context: ChannelHandlerContext) {
        guard leaving == 0 else { return }
        endOnceAllHasLeft(context)
        let closing = closing
        self.closing = []
        for (mode, promise) in closing { context.close(mode: mode, promise: promise) }
    }

    private func endOnceAllHasLeft(_ context: ChannelHandlerContext) {
        guard isOver, unanswered == 0, leaving == 0, waiting == nil else { return }
        // Closed at once, the client might lose the answer to a reset.
        context.close(mode: .output, promise: nil)
        closeLater(context, after: Self.linger)
    }

    private func closeLater(_ context: ChannelHandlerContext, after time: TimeAmount) {
        context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }
}
