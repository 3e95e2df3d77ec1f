import NIOCore

/// Sees raw bytes before the HTTP decoder does, so that a head that is too slow or too long is noticed. Bytes behind a
/// connection's last request end here: after an offer to upgrade the decoder would keep all of them.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Hears of all bytes, and says whether they are wanted.
    private let arrived: (ByteBuffer) -> Bool

    init(_ arrived: @escaping (ByteBuffer) -> Bool) {
        self.arrived = arrived
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if arrived(unwrapInboundIn(data)) { context.fireChannelRead(data) }
    }
}
