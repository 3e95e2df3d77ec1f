import NIOCore
import NIOHTTP1

/// Refuses on a listener of another server what the data plane refuses: heads whose framing or host is in doubt, or
/// that are too large or too slow. Nothing behind a refused request, or behind one that ends its connection, is read,
/// nor is the body of an answered request without end.
final class HeadGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a refused client may take to read its answer.
    private static let linger = TimeAmount.seconds(2)
    /// Bytes of a request that are still read, and thrown away, once it is answered.
    private static let surplusLimit = 1 << 20

    private let wording: HeadGuardSetup.Wording
    /// For the last answer.
    private let reader = ReaderWatch()
    /// Requests handed on whose answers have not ended.
    private var unanswered = 0
    /// Bytes of the request at hand that came after its answer.
    private var surplus = 0
    /// The request at hand is the connection's last.
    private var isLast = false
    /// Nothing more is handed on.
    private var isOver = false
    /// The parser gave up: what still comes is thrown away, though answers may be under way.
    private var hasFailed = false
    /// All answers have left.
    private var hasEnded = false
    /// The refusal that waits for the answers before it.
    private var waiting: (denial: Denial, isHead: Bool, target: String)?

    init(wording: @escaping HeadGuardSetup.Wording) {
        self.wording = wording
    }

    /// Whether what still comes is nobody's.
    var isDeaf: Bool { isOver || hasFailed }

    func handlerRemoved(context: ChannelHandlerContext) { reader.stop() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOver { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let denial = RequestHeadCheck.denial(for: head, maxBody: .max, passesTrace: true) {
                return refuse(denial, isHead: head.method == .HEAD, target: head.uri, context)
            }
            unanswered &+= 1
            isLast = !head.isKeepAlive || RequestHeadCheck.offersUpgrade(head)
            surplus = 0
        case .body(let bytes):
            if unanswered == 0 { surplus &+= bytes.readableBytes }
            if surplus > Self.surplusLimit {
                isOver = true
                return end(context)
            }
        case .end: isOver = isLast
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if isDeaf { SurplusPace.read(context) } else { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isLast && unanswered == 1 && head.status.code >= 200:
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            unanswered = max(0, unanswered &- 1)
            guard isOver, unanswered == 0, waiting == nil else {
                context.write(data, promise: promise)
                return answerIfAllElseIs(context)
            }
            writeLast(data, promise, context)
        default: context.write(data, promise: promise)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is RequestDeadline.HeadIsLate else { return context.fireUserInboundEventTriggered(event) }
        if !isOver { refuse(.requestTimeout, context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        // Bytes behind the last request are nobody's.
        if isOver { return }
        hasFailed = true
        context.fireErrorCaught(error)
        // Who goes on sending is not waited for, though what comes is no longer read.
        closeSoon(context)
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
        writeLast(wrapOutboundOut(.end(nil)), nil, context)
    }

    /// Writes the end of the last answer, and ends the connection once all of it has left.
    private func writeLast(_ end: NIOAny, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.cascade(to: promise)
        sent.futureResult.assumeIsolated().whenComplete { _ in self.end(context) }
        context.writeAndFlush(end, promise: sent)
        if !hasEnded { reader.start(context.channel) }
    }

    private func end(_ context: ChannelHandlerContext) {
        hasEnded = true
        reader.stop()
        // Closed at once, the client might lose the answer to a reset.
        context.close(mode: .output, promise: nil)
        closeSoon(context)
    }

    private func closeSoon(_ context: ChannelHandlerContext) {
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }
}
