import NIOCore

/// Sees raw bytes before the HTTP decoder does, so that a head that is too slow or too long is noticed.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let arrived: (ByteBuffer) -> Void

    init(_ arrived: @escaping (ByteBuffer) -> Void) {
        self.arrived = arrived
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
