import NIOCore

/// As much of an HTTP/2 server as one answer at a time takes: every whole request gets the head of a 200 at once, and
/// what is then written to the channel is its body.
final class HTTP2Responder: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let prefaceBytes = 24
    private let onRequest: (Int) -> Void
    private var buffered = ByteBuffer()
    private var number = 0
    private var stream: UInt32 = 0
    private var hasPreface = false

    /// - Parameter onRequest: is given the request's place on its connection, from 1.
    init(onRequest: @escaping (Int) -> Void) {
        self.onRequest = onRequest
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        buffered.writeBuffer(&bytes)
        if !hasPreface {
            guard let preface = buffered.readString(length: Self.prefaceBytes) else { return }
            guard preface.hasPrefix("PRI * HTTP/2.0") else { return context.close(promise: nil) }
            hasPreface = true
            send(context, kind: 4, flags: 0, stream: 0)
        }
        while let frame = nextFrame() {
            switch (frame.kind, frame.flags & 1) {
            case (4, 0): send(context, kind: 4, flags: 1, stream: 0)
            case (6, 0): send(context, kind: 6, flags: 1, stream: 0, Array(repeating: 0, count: 8))
            case (0, 1), (1, 1):
                stream = frame.stream
                number += 1
                // 0x88 is `:status: 200` in the table every HTTP/2 peer has.
                send(context, kind: 1, flags: 4, stream: stream, [0x88])
                onRequest(number)
            default: break
            }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        send(context, kind: 0, flags: 1, stream: stream, Array(unwrapOutboundIn(data).readableBytesView))
        // Frames may follow an answer; they are no sign of a broken connection.
        send(context, kind: 6, flags: 0, stream: 0, Array(repeating: 1, count: 8))
        promise?.succeed()
    }

    private func nextFrame() -> (kind: UInt8, flags: UInt8, stream: UInt32)? {
        var peeked = buffered
        guard let high = peeked.readInteger(as: UInt8.self), let low = peeked.readInteger(as: UInt16.self),
            let kind = peeked.readInteger(as: UInt8.self), let flags = peeked.readInteger(as: UInt8.self),
            let stream = peeked.readInteger(as: UInt32.self),
            peeked.readSlice(length: Int(high) << 16 | Int(low)) != nil
        else { return nil }
        buffered = peeked
        return (kind, flags, stream & 0x7FFF_FFFF)
    }

    private func send(
        _ context: ChannelHandlerContext, kind: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8] = []
    ) {
        var frame = context.channel.allocator.buffer(capacity: 9 + payload.count)
        frame.writeInteger(UInt8(0))
        frame.writeInteger(UInt16(payload.count))
        frame.writeInteger(kind)
        frame.writeInteger(flags)
        frame.writeInteger(stream)
        frame.writeBytes(payload)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }
}
