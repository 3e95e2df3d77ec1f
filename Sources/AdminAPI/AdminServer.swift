import Hummingbird
import Logging
import NIOCore
public import Proxy
public import ServiceLifecycle
public import Tenancy

/// The Admin API on its own listener; shuts down gracefully with its service group.
public struct AdminServer: Service {
    private let listener: HTTPListener<AdminResponder>

    /// `credential` is the bootstrap credential, if one is configured. `trustedProxies` are those whose
    /// `X-Forwarded-For` is believed. `dashboard` is served at `/`. `certificate` makes it speak TLS, with handshakes
    /// of at most `handshakeTimeoutMS` milliseconds. `bound` learns the port once the server listens, which matters
    /// when it is 0; `ready` is what `/readyz` says.
    public init(
        plane: ControlPlane,
        credential: AdminCredential?,
        trustedProxies: [AddressRange] = [],
        dashboard: DashboardFiles = DashboardFiles(),
        source: ListenSource,
        certificate: ListenerCertificate? = nil,
        handshakeTimeoutMS: Int64 = 10_000,
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
            source: source, certificate: certificate, handshakeTimeoutMS: handshakeTimeoutMS,
            headGuard: { Self.headGuard(plane.time) }, bound: bound, time: plane.time, logger: plane.serverLogger)
    }

    /// What the parser lets through and the data plane would refuse is refused here too.
    private static func headGuard(_ time: any TimeSource) -> HeadGuardSetup {
        HeadGuardSetup { status, code, message in
            let problem = Problem(status: .init(code: status), code: code, detail: message)
            return ByteBuffer(bytes: problem.json(requestID: RequestID.make(at: time.now()).text).bytes)
        }
    }

    /// Serves until the service group shuts down.
    public func run() async throws {
        try await listener.run()
    }
}
