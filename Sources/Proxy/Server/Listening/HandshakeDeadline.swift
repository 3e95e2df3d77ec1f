import NIOCore
import NIOTLS

/// Ends a connection whose TLS handshake is not over in time, and leaves the pipeline of one whose handshake is.
final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let milliseconds: Int64
    private let certificate: ListenerCertificate
    private var alarm: Scheduled<Void>?

    init(milliseconds: Int64, certificate: ListenerCertificate) {
        self.milliseconds = milliseconds
        self.certificate = certificate
    }

    func channelActive(context: ChannelHandlerContext) {
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            context.close(mode: .all, promise: nil)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .handshakeCompleted? = event as? TLSUserEvent, let alarm else { return }
        alarm.cancel()
        self.alarm = nil
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let alarm {
            alarm.cancel()
            self.alarm = nil
            certificate.countFailedHandshake()
        }
        context.fireChannelInactive()
    }
}
