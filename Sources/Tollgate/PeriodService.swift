import Billing
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Once a second closes the months that are due.
final class PeriodService: Service {
    private let periods: PeriodCloser
    private let isSweeping = Atomic<Bool>(false)

    init(periods: PeriodCloser) {
        self.periods = periods
    }

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let sweeps = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            // A month with many entries takes longer than a second to read.
            guard
                self.isSweeping.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
                    .exchanged
            else { return }
            Task {
                await self.periods.sweep()
                self.isSweeping.store(false, ordering: .releasing)
            }
        }
        try await gracefulShutdown()
        sweeps.cancel()
    }
}
