import Billing
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Every five seconds folds what the ledger has got since into the roll-ups that follow it.
final class UsageFoldService: Service {
    private let folding: UsageFolding
    private let isFolding = Atomic<Bool>(false)

    init(_ folding: UsageFolding) {
        self.folding = folding
    }

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let turns = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(5)) { _ in
            // After an upgrade there may be minutes of it.
            guard
                self.isFolding.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
                    .exchanged
            else { return }
            Task {
                await self.folding.fold()
                self.isFolding.store(false, ordering: .releasing)
            }
        }
        try await gracefulShutdown()
        turns.cancel()
    }
}
