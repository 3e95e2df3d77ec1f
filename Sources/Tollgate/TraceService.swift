import NIOCore
import NIOPosix
import Proxy
import ServiceLifecycle

/// Has finished spans sent once a second, and what is left at the end.
struct TraceService: Service {
    private static let pause = TimeAmount.seconds(1)
    /// The end of the process waits no longer for a receiver.
    private static let lastLooks = 20

    let exporter: SpanExporter

    func run() async throws {
        let exporter = exporter
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let ticks = loop.scheduleRepeatedTask(initialDelay: Self.pause, delay: Self.pause) { _ in exporter.tick() }
        try await gracefulShutdown()
        ticks.cancel()
        exporter.tick()
        for _ in 0..<Self.lastLooks where exporter.isSending {
            try await loop.scheduleTask(in: .milliseconds(100)) {}.futureResult.get()
        }
    }
}
