import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Every five seconds has the allocator give back what a crowd has left.
final class HeapService: Service {
    private static let pause = TimeAmount.seconds(5)

    private let slack = Mutex(HeapSlack())

    func run() async throws {
        let looks = MultiThreadedEventLoopGroup.singleton.next().scheduleRepeatedTask(
            initialDelay: Self.pause, delay: Self.pause
        ) { _ in
            // It takes some milliseconds: no loop does that itself.
            Task { self.look() }
        }
        try await gracefulShutdown()
        looks.cancel()
    }

    private func look() {
        slack.withLock { slack in
            guard let now = ProcessHeap.slack(), slack.look(now) else { return }
            ProcessHeap.trim()
            ProcessHeap.slack().map { slack.settle($0) }
        }
    }
}
