import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// One connection to a backend. It carries one call at a time, and whatever makes its next answer doubtful closes it.
final class CleartextConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// All that the decoder asks of a request is whether its answer has no body.
    private static let heads = (
        head: HTTPRequestHead(version: .http1_1, method: .HEAD, uri: "/"),
        other: HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
    )
    private static let peek = Int32(MSG_PEEK | MSG_DONTWAIT)

    /// Where it goes between two calls.
    weak var pool: CleartextPool?
    var restsSince = NIODeadline.uptimeNanoseconds(0)

    private let decoder = AnswerDecoder()
    private var context: ChannelHandlerContext?
    /// Where bytes leave that are a request already: before the decoder, which wants parts of one.
    private var outlet: ChannelHandlerContext?
    private var socket: NIOBSDSocket.Handle = -1
    private var call: CleartextCall?
    private var answer = CleartextAnswer()
    private var isSent = false
    private var failure: (any Error)?

    /// The one in the channel's pipeline.
    static func of(_ channel: any Channel) -> CleartextConnection? {
        guard channel.isActive else { return nil }
        return try? channel.pipeline.syncOperations.handler(type: CleartextConnection.self)
    }

    /// Whether nothing has come since it rests, not even its end; asks the system, as the loop may not know yet.
    var isSilent: Bool {
        var byte: UInt8 = 0
        return socket >= 0 && recv(socket, &byte, 1, Self.peek) < 0 && errno == EAGAIN
    }

    /// Puts the connection and its decoder into a new channel.
    func join(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let reading = ByteToMessageHandler(decoder)
        try pipeline.addHandlers([reading, self])
        outlet = try pipeline.context(handler: reading)
    }

    /// Sends a request; the call hears from now on what comes of it.
    func carry(_ call: CleartextCall, _ message: CleartextMessage, at now: NIODeadline) {
        guard let outlet else { return call.fail(.reset, "connection closed before the request") }
        self.call = call
        answer = CleartextAnswer()
        failure = nil
        isSent = false
        call.didBegin(on: self, at: now)
        decoder.write(data: .head(message.isHead ? Self.heads.head : Self.heads.other))
        outlet.write(NIOAny(IOData.byteBuffer(message.head)), promise: nil)
        if message.body.readableBytes > 0 {
            outlet.write(NIOAny(IOData.byteBuffer(message.body)), promise: nil)
        }
        outlet.flush()
    }

    func close() {
        call = nil
        context?.close(promise: nil)
    }

    func pauseReading() {
        try? context?.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    func resumeReading() {
        try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
    }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        outlet = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        let handle = try? context.channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        socket = handle ?? -1
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let call else { return context.close(promise: nil) }
        guard failure == nil else { return }
        switch answer.take(unwrapInboundIn(data)) {
        case .none: break
        case .head(let head):
            // An early answer: the rest of the request may still lie unread before the next one.
            if !isSent { answer.forbidReuse() }
            call.didRead(head)
        case .body(let bytes):
            decoder.didDecode(bytes)
            call.didRead(bytes)
        case .malformed(let why): failure = CleartextFailure.Malformed(why: why)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Something came at rest, if only a part of a head, of which the decoder says nothing yet.
        guard let call else { return context.close(promise: nil) }
        if failure != nil {
            end(call)
        } else if answer.isWhole {
            rest(after: call)
        } else {
            call.deliver()
        }
    }

    /// With a low mark of one byte the channel is writable again exactly when all of the request is with the system.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, let call else { return }
        isSent = true
        call.didSend()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Bytes behind a whole answer are nobody's, and the answer is none the worse for them.
        answer.forbidReuse()
        if !answer.isWhole { failure = failure ?? error }
        if call == nil { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        socket = -1
        answer.forbidReuse()
        if let call {
            if answer.isWhole, failure == nil { rest(after: call) } else { end(call) }
        } else {
            pool?.remove(self)
        }
    }

    // MARK: Ends

    private func rest(after call: CleartextCall) {
        self.call = nil
        if answer.allowsReuse, isSent, decoder.endsWithAnswer, let pool, let now = call.now {
            pool.put(self, at: now)
        } else {
            close()
        }
        call.complete()
    }

    private func end(_ call: CleartextCall) {
        self.call = nil
        let (reason, detail) = CleartextFailure.onConnection(failure, isSent: isSent)
        call.fail(reason, detail)
        close()
    }
}
