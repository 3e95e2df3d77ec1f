import Billing
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Once a second closes the months that are due.
final class PeriodService: Service {
    private let periods: PeriodCloser

    init(periods: PeriodCloser) {
        self.periods = periods
    }

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let sweeps = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            Task { await self.periods.sweep() }
        }
        try await gracefulShutdown()
        sweeps.cancel()
    }
}
