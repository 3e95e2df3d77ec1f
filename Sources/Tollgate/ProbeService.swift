import NIOCore
import NIOPosix
import Proxy
import ServiceLifecycle

/// Keeps the prober going: ten times a second it starts the probes that are due.
struct ProbeService: Service {
    let prober: Prober

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let ticks = loop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { _ in
            prober.tick()
        }
        try await gracefulShutdown()
        ticks.cancel()
        await prober.stop()
    }
}
