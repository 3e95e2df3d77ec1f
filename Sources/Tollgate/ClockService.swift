import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Tenancy

/// Logs jumps of the wall clock; a machine that slept shows as one too.
final class ClockService: Service {
    private static let pause = TimeAmount.seconds(10)

    private let time: any TimeSource
    private let logger: Logger
    private let jumps: Mutex<ClockJumps>

    init(time: any TimeSource, logger: Logger) {
        self.time = time
        self.logger = logger
        jumps = Mutex(ClockJumps(wall: time.now(), uptime: time.uptime()))
    }

    func run() async throws {
        let looks = MultiThreadedEventLoopGroup.singleton.next().scheduleRepeatedTask(
            initialDelay: Self.pause, delay: Self.pause
        ) { _ in self.look() }
        try await gracefulShutdown()
        looks.cancel()
    }

    private func look() {
        let (wall, uptime) = (time.now(), time.uptime())
        guard let seconds = jumps.withLock({ $0.look(wall: wall, uptime: uptime) }) else { return }
        logger.warning("the wall clock jumped", metadata: ["seconds": "\(seconds)"])
    }
}
