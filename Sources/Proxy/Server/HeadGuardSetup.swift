public import NIOCore
import NIOHTTP1

/// Puts a guard right behind the HTTP decoder of another server's pipeline, wherever in it this handler is added; it
/// refuses what the data plane refuses by a request's head alone.
public final class HeadGuardSetup: ChannelInboundHandler, RemovableChannelHandler {
    /// Passed on as it is.
    public typealias InboundIn = Any
    /// The body of a refusal, from its status, a code for programs and words for people.
    public typealias Refusal = @Sendable (_ status: Int, _ code: String, _ message: String) -> ByteBuffer

    private let refusal: Refusal

    /// `refusal` words what is refused.
    public init(refusal: @escaping Refusal) {
        self.refusal = refusal
    }

    /// Adds the guard; without a decoder to guard, the connection is closed.
    public func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(HeadGuard(refusal: refusal), position: .after(decoder))
        } catch {
            context.close(promise: nil)
        }
    }
}
