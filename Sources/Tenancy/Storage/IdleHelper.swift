import Dispatch
import Synchronization

/// A thread that works in what all others leave, for one caller at a time who waits for it, and does the work itself
/// where nothing is left.
///
/// On a processor it shares with an event loop a thread of any other rank ends its slice, some milliseconds, while a
/// request waits. One that is this far back may never come to run: hence the caller's patience.
final class IdleHelper: Sendable {
    private struct Work {
        let run: @Sendable () -> Void
        let done: DispatchSemaphore
    }

    private struct State {
        var work: Work?
        var isAtWork = false
        var stopped = false
    }

    private final class Made<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    private let state = Mutex(State())
    private let given = DispatchSemaphore(value: 0)
    private let patience: DispatchTimeInterval

    /// A helper whose callers wait for so long. Where the system has no thread to give, they do their work themselves.
    init(patienceMS: Int) {
        patience = .milliseconds(patienceMS)
        if !WorkerThread.start(.last, { self.work() }) { stop() }
    }

    /// What `body` makes, on this thread, or on the calling one when this one is at work still or takes too long; then
    /// it may be made twice. Returns on the calling thread.
    func make<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        let made = Made<Value>()
        let work = Work(run: { made.value.withLock { $0 = body() } }, done: DispatchSemaphore(value: 0))
        guard give(work), work.done.wait(timeout: .now() + patience) == .success,
            let value = made.value.withLock({ $0 })
        else { return body() }
        return value
    }

    /// Ends the thread, after the work at hand.
    func stop() {
        state.withLock { $0.stopped = true }
        given.signal()
    }

    private func give(_ work: Work) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.stopped, !state.isAtWork else { return false }
            state.isAtWork = true
            state.work = work
            return true
        }
        if isTaken { given.signal() }
        return isTaken
    }

    private func work() {
        while true {
            given.wait()
            let (work, stopped) = state.withLock { ($0.work.take(), $0.stopped) }
            if let work {
                work.run()
                state.withLock { $0.isAtWork = false }
                work.done.signal()
            } else if stopped {
                return
            }
        }
    }
}
