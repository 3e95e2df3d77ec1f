import NIOCore

/// Sees raw bytes before the HTTP decoder does, so that a head that is too slow or too long is noticed. Bytes behind a
/// connection's last request end here: after an offer to upgrade the decoder would keep all of them.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let isDeaf: () -> Bool
    private let arrived: (ByteBuffer) -> Void

    /// `isDeaf` says whether what comes is nobody's; of all else `arrived` hears first.
    init(isDeaf: @escaping () -> Bool, _ arrived: @escaping (ByteBuffer) -> Void) {
        self.isDeaf = isDeaf
        self.arrived = arrived
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isDeaf() { return }
        arrived(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
