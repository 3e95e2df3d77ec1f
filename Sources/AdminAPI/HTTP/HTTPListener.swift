import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Proxy
import ServiceLifecycle
import Tenancy

/// Serves HTTP with a responder until its service group stops; then answers end, and nothing new begins.
///
/// Hummingbird's own server opens its sockets itself; this one also takes a socket that listens already.
struct HTTPListener<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    /// Operators and scrapers are few; each connection costs memory and a file descriptor.
    private static var connectionLimit: Int { 1000 }

    let responder: Responder
    let source: ListenSource
    /// Nil: plain HTTP.
    let certificate: ListenerCertificate?
    /// Milliseconds a TLS handshake may take, and the head of a request.
    let headerTimeoutMS: Int64
    /// Learns the port once the listener is open.
    let bound: @Sendable (Int) -> Void
    let refusals: ListenerRefusals
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        let time = time
        let headerTimeoutMS = headerTimeoutMS
        let refusals = refusals
        let channels = HTTP1Channel(
            responder: answer,
            configuration: .init(
                additionalChannelHandlers: [Self.headGuard(headerTimeoutMS, refusals, time)], idleTimeout: .seconds(120)
            ))
        let connections = OpenConnections(limit: Self.connectionLimit)
        let logger = logger
        let server = try await Listener.open(
            source, certificate: certificate, handshakeTimeoutMS: headerTimeoutMS
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                guard !connections.add(channel) else { return }
                refusals.noteConnection()
                throw ChannelError.connectPending
            }.flatMap { channels.setup(channel: channel, logger: logger) }
        }
        await withGracefulShutdownHandler {
            bound(server.channel.localAddress?.port ?? 0)
            await withDiscardingTaskGroup { group in
                do {
                    try await server.executeThenClose { inbound in
                        for try await connection in inbound {
                            group.addTask { await channels.handle(value: connection, logger: logger) }
                        }
                    }
                } catch {
                    logger.error("a listener ended", metadata: ["reason": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
            connections.quiesce()
        }
    }

    /// What the parser lets through and the data plane would refuse is refused here too.
    private static func headGuard(
        _ headerTimeoutMS: Int64, _ refusals: ListenerRefusals, _ time: any TimeSource
    ) -> HeadGuardSetup {
        HeadGuardSetup(headerTimeoutMS: headerTimeoutMS) { refusal in
            let id = RequestID.make(at: time.now()).text
            refusals.note(status: refusal.status, code: refusal.code, requestID: id)
            let problem = Problem(
                status: .init(code: refusal.status, reasonPhrase: refusal.reason), code: refusal.code,
                detail: refusal.message)
            let (body, type) = problem.body(at: refusal.target, requestID: id)
            return (ByteBuffer(bytes: body.bytes), type)
        }
    }

    @Sendable private func answer(
        _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        let context = Responder.Context(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch {
            logger.error("a request could not be answered", metadata: ["reason": "\(error)"])
            response = Response(status: .internalServerError)
        }
        response.headers[.date] = HTTPDate.text(time.now())
        try await writer.write(response: response.head, body: response.body)
    }
}
