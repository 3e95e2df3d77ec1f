import Hummingbird
import Logging
public import Proxy
public import ServiceLifecycle
public import Tenancy

/// The Admin API on its own listener; shuts down gracefully with its service group.
public struct AdminServer: Service {
    private let listener: HTTPListener<AdminResponder>

    /// `credential` is the bootstrap credential, if one is configured. `trustedProxies` are those whose
    /// `X-Forwarded-For` is believed. `dashboard` is served at `/`. `certificate` makes it speak TLS. Handshakes and
    /// heads of requests may take `headerTimeoutMS` milliseconds. `bound` learns the port once the server listens,
    /// which matters when it is 0; `ready` is what `/readyz` says.
    public init(
        plane: ControlPlane,
        credential: AdminCredential?,
        trustedProxies: [AddressRange] = [],
        dashboard: DashboardFiles = DashboardFiles(),
        source: ListenSource,
        certificate: ListenerCertificate? = nil,
        headerTimeoutMS: Int64 = 10_000,
        bound: @escaping @Sendable (Int) -> Void,
        ready: @escaping @Sendable () -> Bool = { true }
    ) {
        listener = HTTPListener(
            responder: AdminResponder(
                table: .admin(plane, hasBootstrap: credential != nil, dashboard: dashboard, ready: ready),
                gate: plane.gate(credential),
                idempotency: Idempotency(file: plane.file, digestKey: plane.digestKey),
                denials: DenialLog(plane: plane),
                trustedProxies: trustedProxies, time: plane.time, logger: plane.logger),
            source: source, certificate: certificate, headerTimeoutMS: headerTimeoutMS,
            bound: bound, refusals: plane.adminRefusals, time: plane.time, logger: plane.serverLogger)
    }

    /// Serves until the service group shuts down.
    public func run() async throws {
        try await listener.run()
    }
}
