import CTestTLS
import NIOCore

/// The server's side of TLS on a channel; what comes before or after it is plaintext to the next handler.
final class TLSServerHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let identity: ServerIdentity
    private let session: OpaquePointer

    init(_ identity: ServerIdentity) throws {
        guard let session = ctesttls_session(identity.context) else { throw ServerIdentity.Failed() }
        self.identity = identity
        self.session = session
    }

    deinit {
        SSL_free(session)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            ctesttls_received(session, bytes.baseAddress, Int32(bytes.count))
        }
        var plain = context.channel.allocator.buffer(capacity: 16 * 1024)
        var count = 1
        while count > 0 {
            count = plain.writeWithUnsafeMutableBytes(minimumWritableBytes: 16 * 1024) { space in
                max(0, Int(SSL_read(session, space.baseAddress, Int32(space.count))))
            }
        }
        sendCiphertext(context, promise: nil)
        if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        unwrapOutboundIn(data).withUnsafeReadableBytes { bytes in
            _ = SSL_write(session, bytes.baseAddress, Int32(bytes.count))
        }
        sendCiphertext(context, promise: promise)
    }

    private func sendCiphertext(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        var cipher = context.channel.allocator.buffer(capacity: 16 * 1024)
        var count = 1
        while count > 0 {
            count = cipher.writeWithUnsafeMutableBytes(minimumWritableBytes: 16 * 1024) { space in
                max(0, Int(ctesttls_to_send(session, space.baseAddress, Int32(space.count))))
            }
        }
        context.writeAndFlush(wrapOutboundOut(cipher), promise: promise)
    }
}
