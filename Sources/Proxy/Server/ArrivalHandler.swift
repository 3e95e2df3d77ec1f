import NIOCore

/// Sees raw bytes before the HTTP decoder does, so that a head that is too slow or too long is noticed.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.arrived(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
