import Hummingbird
import Logging
import NIOCore
public import ServiceLifecycle
import Tenancy

/// The Admin API on its own listener; shuts down gracefully with its service group.
public struct AdminServer: Service {
    private let application: Application<AdminResponder>

    /// `bound` learns the port once the server listens, which matters when `port` is 0; `ready` is what `/readyz` says.
    public init(
        plane: ControlPlane,
        credential: AdminCredential,
        host: String,
        port: Int,
        bound: @escaping @Sendable (Int) -> Void,
        ready: @escaping @Sendable () -> Bool = { true }
    ) {
        application = Application(
            responder: AdminResponder(
                table: .admin(plane, ready: ready), gate: AdminGate(bootstrap: credential), time: plane.time,
                logger: plane.logger),
            server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in bound(channel.localAddress?.port ?? port) },
            logger: plane.serverLogger
        )
    }

    /// Serves until the service group shuts down.
    public func run() async throws {
        try await application.run()
    }
}
