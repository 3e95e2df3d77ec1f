import NIOCore
import NIOHTTP1

/// Ends connections of another server whose client is too slow with a head or a body. Heads have the data plane's
/// limit.
final class RequestDeadline: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// What the guard behind it is told of a head that is not whole in time.
    struct HeadIsLate: Sendable {}

    private let headerTimeoutMS: Int64
    private let isDeaf: () -> Bool
    private var context: ChannelHandlerContext?
    private var isReading = false
    private var pace = BodyPace(since: 0, graceMS: 0)
    /// Bytes of the body at hand.
    private var received = 0
    private var alarm: Scheduled<Void>?

    /// `headerTimeoutMS` milliseconds are given to a head, and to a body before its pace counts; `isDeaf` says that no
    /// more of it is heard, and it has none.
    init(headerTimeoutMS: Int64, isDeaf: @escaping () -> Bool) {
        self.headerTimeoutMS = headerTimeoutMS
        self.isDeaf = isDeaf
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { forget() }

    func channelInactive(context: ChannelHandlerContext) {
        forget()
        context.fireChannelInactive()
    }

    /// Bytes came in: if they begin a request, its head must be whole in time.
    func arrived(_: ByteBuffer) {
        guard !isReading, let context else { return }
        isReading = true
        arm(.milliseconds(headerTimeoutMS)) { context.fireUserInboundEventTriggered(HeadIsLate()) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            received = 0
            pace = BodyPace(since: now(context), graceMS: headerTimeoutMS)
            arm(.milliseconds(headerTimeoutMS) + .seconds(1)) { self.checkBody() }
        case .body(let bytes): received &+= bytes.readableBytes
        case .end:
            isReading = false
            alarm?.cancel()
        }
        context.fireChannelRead(data)
    }

    private func checkBody() {
        guard let context, !isDeaf() else { return }
        if pace.isTooSlow(received: received, at: now(context)) {
            // Its answer may have begun: only an end is never mistaken for one.
            return context.close(promise: nil)
        }
        arm(.seconds(1)) { self.checkBody() }
    }

    private func arm(_ time: TimeAmount, _ body: @escaping () -> Void) {
        alarm?.cancel()
        alarm = context?.eventLoop.assumeIsolated().scheduleTask(in: time, body)
    }

    private func forget() {
        alarm?.cancel()
        context = nil
    }

    /// In nanoseconds of the monotonic clock.
    private func now(_ context: ChannelHandlerContext) -> Int64 {
        Int64(clamping: context.eventLoop.now.uptimeNanoseconds)
    }
}
