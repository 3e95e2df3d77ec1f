import Hummingbird
import NIOCore
import Tenancy

/// What a handler knows about the request besides the request itself.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address at the other end of the connection.
    let peer: String?
    /// The `x-request-id` of the answer.
    var requestID = ""
    /// Who asks; nobody with rights before the credential is proven.
    var caller = AdminCaller(actor: "", role: .viewer)
    /// How much of the resource the caller reaches.
    var grant = RouteAccess.Grant.none
    /// The parameters of the path as they stand in it.
    var pathParameters: [String: String] = [:]
    /// The states of the resource that the request may change; nil for any.
    var ifMatch: [Substring]?
    /// Set when the answer is to be kept under an idempotency key.
    var ticket: IdempotencyTicket?
    private let loop: any EventLoop

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress?.ipAddress
        loop = source.channel.eventLoop
    }

    /// Passes as many milliseconds, or fewer if the server ends.
    @Sendable func pause(milliseconds: Int64) async {
        try? await loop.scheduleTask(in: .milliseconds(milliseconds)) {}.futureResult.get()
    }
}
