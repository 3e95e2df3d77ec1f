import Hummingbird
import Logging
import NIOCore
public import ServiceLifecycle
public import Tenancy

/// The Admin API on its own listener; shuts down gracefully with its service group.
public struct AdminServer: Service {
    private let application: Application<AdminResponder>

    /// `credential` is the bootstrap credential, if one is configured. `trustedProxies` are those whose
    /// `X-Forwarded-For` is believed. `dashboard` is served at `/`. `bound` learns the port once the server listens,
    /// which matters when `port` is 0; `ready` is what `/readyz` says.
    public init(
        plane: ControlPlane,
        credential: AdminCredential?,
        trustedProxies: [AddressRange] = [],
        dashboard: DashboardFiles = DashboardFiles(),
        host: String,
        port: Int,
        bound: @escaping @Sendable (Int) -> Void,
        ready: @escaping @Sendable () -> Bool = { true }
    ) {
        application = Application(
            responder: AdminResponder(
                table: .admin(plane, hasBootstrap: credential != nil, dashboard: dashboard, ready: ready),
                gate: plane.gate(credential),
                idempotency: Idempotency(file: plane.file, masterKey: plane.masterKey),
                denials: DenialLog(plane: plane),
                trustedProxies: trustedProxies, time: plane.time, logger: plane.logger),
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
