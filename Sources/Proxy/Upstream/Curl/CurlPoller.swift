import CCurl
import Dispatch
import Glibc
import NIOCore
import Synchronization

/// A small thread that waits on the epoll set of libcurl's sockets and hands each batch of events to the event loop.
/// It rests while the loop works on a batch, so the two never touch the events at the same time.
// @unchecked Sendable: `events` belongs to the thread or, during a hand-over, to the loop; the rest never changes
// or is atomic.
final class CurlPoller: @unchecked Sendable {
    typealias Batch = UnsafeBufferPointer<epoll_event>

    /// The epoll set; closed by the thread when it ends.
    let epoll: Int32
    private static let capacity = 256
    private static let stopMark = UInt64.max
    private let wake: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let isHandled = DispatchSemaphore(value: 0)
    private let isStopped = Atomic<Bool>(false)

    init() throws {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw IOError(errnoCode: errno, reason: "epoll_create1") }
        wake = eventfd(0, Int32(EFD_CLOEXEC))
        guard wake >= 0 else {
            let code = errno
            close(epoll)
            throw IOError(errnoCode: code, reason: "eventfd")
        }
        events = .allocate(capacity: Self.capacity)
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = Self.stopMark
        epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event)
    }

    deinit {
        close(wake)
        close(epoll)
        events.deallocate()
    }

    /// Starts the thread; `handle` runs on the loop, and the batch is valid only inside it.
    func start(on eventLoop: any EventLoop, handle: @escaping @Sendable (Batch) -> Void) throws {
        let work: @Sendable () -> Void = { self.run(on: eventLoop, handle: handle) }
        try DetachedThread.start(work)
    }

    /// Lets the thread end soon; the epoll set stays open until it has.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        isHandled.signal()
        eventfd_write(wake, 1)
    }

    private func run(on eventLoop: any EventLoop, handle: @escaping @Sendable (Batch) -> Void) {
        while !isStopped.load(ordering: .acquiring) {
            let count = epoll_wait(epoll, events, Int32(Self.capacity), -1)
            if count < 0, errno != EINTR { return }
            guard count > 0, !isStopped.load(ordering: .acquiring) else { continue }
            eventLoop.execute {
                handle(Batch(start: self.events, count: Int(count)))
                self.isHandled.signal()
            }
            isHandled.wait()
        }
    }
}
