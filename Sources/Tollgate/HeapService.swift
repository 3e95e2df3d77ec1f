import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Looks every five seconds whether the allocator keeps much that a crowd has left, and has it given back.
final class HeapService: Service {
    private static let pause = TimeAmount.seconds(5)

    private let slack = Mutex(HeapSlack())

    func run() async throws {
        let looks = MultiThreadedEventLoopGroup.singleton.next().scheduleRepeatedTask(
            initialDelay: Self.pause, delay: Self.pause
        ) { _ in
            // It takes some milliseconds: neither a loop nor a thread that tasks share does that itself.
            NIOThreadPool.singleton.submit { _ in self.look() }
        }
        try await gracefulShutdown()
        looks.cancel()
    }

    private func look() {
        slack.withLock { slack in
            guard let now = ProcessHeap.slack(), slack.look(now) else { return }
            ProcessHeap.trim()
            if let left = ProcessHeap.slack() { slack.settle(left) }
        }
    }
}
