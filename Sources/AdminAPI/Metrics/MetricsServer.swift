import HTTPTypes
import Hummingbird
import Logging
import NIOCore
public import Proxy
public import ServiceLifecycle

/// Prometheus' listener, always in plain HTTP: `GET /metrics` and nothing else.
public struct MetricsServer: Service {
    private let listener: HTTPListener<RouterResponder<BasicRequestContext>>

    /// Heads of requests may take `headerTimeoutMS` milliseconds. `bound` learns the port once the server listens,
    /// which matters when it is 0.
    public init(
        plane: ControlPlane,
        metrics: ProxyMetrics,
        backups: BackupStatus? = nil,
        sources: MetricsSources = MetricsSources(),
        source: ListenSource,
        headerTimeoutMS: Int64 = 10_000,
        bound: @escaping @Sendable (Int) -> Void
    ) {
        let router = Router(context: BasicRequestContext.self)
        router.get("metrics") { _, _ in
            let sample = MetricsSample.take(plane: plane, metrics: metrics, sources: sources)
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: MetricsExposition.text(sample)))
            )
        }
        listener = HTTPListener(
            responder: router.buildResponder(), source: source, certificate: nil, headerTimeoutMS: headerTimeoutMS,
            bound: bound, refusals: plane.metricsRefusals, time: plane.time, logger: plane.serverLogger)
    }

    /// Serves until the service group shuts down.
    public func run() async throws {
        try await listener.run()
    }
}
