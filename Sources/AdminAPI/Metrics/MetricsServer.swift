import HTTPTypes
import Hummingbird
import Logging
import NIOCore
public import Proxy
public import ServiceLifecycle

/// Prometheus' listener, always in plain HTTP: `GET /metrics` and nothing else.
public struct MetricsServer: Service {
    private let listener: HTTPListener<RouterResponder<BasicRequestContext>>

    /// `certificate` is the other listeners', and its figures are told. `bound` learns the port once the server
    /// listens, which matters when it is 0.
    public init(
        plane: ControlPlane,
        metrics: ProxyMetrics,
        backups: BackupStatus? = nil,
        reloads: ReloadStatus = ReloadStatus(),
        certificate: ListenerCertificate? = nil,
        droppedLogLines: @escaping @Sendable () -> UInt64 = { 0 },
        source: ListenSource,
        bound: @escaping @Sendable (Int) -> Void
    ) {
        let router = Router(context: BasicRequestContext.self)
        router.get("metrics") { _, _ in
            var sample = MetricsSample.take(plane: plane, metrics: metrics, backups: backups)
            sample.reloads = reloads.figures
            sample.certificate = certificate.map { ($0.endsAt, $0.failedHandshakes) }
            sample.droppedLogLines = droppedLogLines()
            let text = MetricsExposition.text(sample)
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text))
            )
        }
        listener = HTTPListener(
            responder: router.buildResponder(), source: source, certificate: nil, bound: bound, time: plane.time,
            logger: plane.serverLogger)
    }

    /// Serves until the service group shuts down.
    public func run() async throws {
        try await listener.run()
    }
}
