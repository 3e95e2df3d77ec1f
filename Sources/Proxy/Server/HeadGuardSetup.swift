public import NIOCore
import NIOHTTP1

/// Puts a guard around the HTTP decoder of another server's pipeline, wherever in it this handler is added; it refuses
/// what the data plane refuses by a request's head alone, and clients as slow as those.
public final class HeadGuardSetup: ChannelInboundHandler, RemovableChannelHandler {
    /// Passed on as it is.
    public typealias InboundIn = Any
    /// The body of a refusal, from its status, a code for programs and words for people.
    public typealias Refusal = @Sendable (_ status: Int, _ code: String, _ message: String) -> ByteBuffer

    private let headerTimeoutMS: Int64
    private let refusal: Refusal

    /// `headerTimeoutMS` is how long a head may take, in milliseconds; `refusal` words what is refused.
    public init(headerTimeoutMS: Int64, refusal: @escaping Refusal) {
        self.headerTimeoutMS = headerTimeoutMS
        self.refusal = refusal
    }

    /// Adds the guard; without a decoder to guard, the connection is closed.
    public func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let deadline = RequestDeadline(headerTimeoutMS: headerTimeoutMS)
            try pipeline.addHandler(ArrivalHandler(deadline.arrived), position: .before(decoder))
            try pipeline.addHandlers([deadline, HeadGuard(refusal: refusal)], position: .after(decoder))
        } catch {
            context.close(promise: nil)
        }
    }
}
