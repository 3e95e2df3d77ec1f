public import NIOCore
import NIOHTTP1

/// Puts a guard around the HTTP decoder of another server's pipeline, wherever in it this handler is added; it refuses
/// what the data plane refuses by a request's head alone, and clients as slow as those.
public final class HeadGuardSetup: ChannelInboundHandler, RemovableChannelHandler {
    /// Passed on as it is.
    public typealias InboundIn = Any
    /// The body of a refusal, and its content type.
    public typealias Wording = @Sendable (HeadRefusal) -> (body: ByteBuffer, type: String)

    private let headerTimeoutMS: Int64
    private let wording: Wording

    /// `headerTimeoutMS` is how long a head may take, in milliseconds; `wording` puts a refusal into words.
    public init(headerTimeoutMS: Int64, wording: @escaping Wording) {
        self.headerTimeoutMS = headerTimeoutMS
        self.wording = wording
    }

    /// Adds the guard; without a decoder to guard, the connection is closed.
    public func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let guardian = HeadGuard(wording: wording)
            let deadline = RequestDeadline(headerTimeoutMS: headerTimeoutMS) { guardian.isOver }
            let arrivals = ArrivalHandler(isDeaf: { guardian.isOver }, deadline.arrived)
            try pipeline.addHandler(arrivals, position: .before(decoder))
            try pipeline.addHandlers([deadline, guardian], position: .after(decoder))
        } catch {
            context.close(promise: nil)
        }
    }
}
