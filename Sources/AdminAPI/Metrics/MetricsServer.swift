import HTTPTypes
import Hummingbird
import Logging
import NIOCore
public import Proxy
public import ServiceLifecycle

/// Prometheus' listener: `GET /metrics` and nothing else.
public struct MetricsServer: Service {
    private let application: Application<RouterResponder<BasicRequestContext>>

    /// `bound` learns the port once the server listens, which matters when `port` is 0.
    public init(
        plane: ControlPlane,
        metrics: ProxyMetrics,
        backups: BackupStatus? = nil,
        host: String,
        port: Int,
        bound: @escaping @Sendable (Int) -> Void
    ) {
        let router = Router(context: BasicRequestContext.self)
        router.get("metrics") { _, _ in
            let text = MetricsExposition.text(MetricsSample.take(plane: plane, metrics: metrics, backups: backups))
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text))
            )
        }
        application = Application(
            responder: router.buildResponder(),
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
