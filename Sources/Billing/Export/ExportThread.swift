import Synchronization
import Tenancy

/// Runs the steps of downloads one after the other on one thread that yields to requests; it is there only while there
/// is something to do.
public final class ExportThread: Sendable {
    /// Downloads that may be under way at once: each has its sums in memory.
    public static let limit = 4

    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var isRunning = false
        var downloads = 0
    }

    private let state = Mutex(State())

    /// A thread without work.
    public init() {}

    /// Takes a place for a download; false if all are taken. Whoever took one gives it back with `end`.
    public func begin() -> Bool {
        state.withLock { state in
            guard state.downloads < Self.limit else { return false }
            state.downloads += 1
            return true
        }
    }

    /// Gives a place back.
    public func end() {
        state.withLock { $0.downloads -= 1 }
    }

    /// Runs a step when those before it are done. Throws what it throws.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let starts = state.withLock { state in
                state.waiting.append { continuation.resume(with: Result(catching: body)) }
                defer { state.isRunning = true }
                return !state.isRunning
            }
            // Without a thread the caller's own does it: late is better than never.
            if starts, !WorkerThread.start(.last, { self.work() }) { work() }
        }
    }

    private func work() {
        while let next = take() { next() }
    }

    private func take() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
