import AdminAPI
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Has the traffic's counters noted every few seconds.
struct TrafficService: Service {
    let traffic: TrafficLog

    func run() async throws {
        let traffic = traffic
        let pause = TimeAmount.seconds(Int64(TrafficLog.tickSeconds))
        let ticks = MultiThreadedEventLoopGroup.singleton.next().scheduleRepeatedTask(
            initialDelay: pause, delay: pause
        ) { _ in traffic.tick() }
        try await gracefulShutdown()
        ticks.cancel()
    }
}
