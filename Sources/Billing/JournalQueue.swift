import Dispatch
import Synchronization

/// What waits for the writer; anyone may add, only the writer takes.
final class JournalQueue<AdminJob: Sendable>: Sendable {
    /// Everything that was waiting when the writer came back.
    struct Turn: Sendable {
        var holds: [JournalJob] = []
        var ends: [JournalJob] = []
        /// Admin changes that resolve holds; written before those that open budgets.
        var resolutions: [AdminJob] = []
        var changes: [AdminJob] = []

        var isEmpty: Bool { holds.isEmpty && ends.isEmpty && resolutions.isEmpty && changes.isEmpty }
        var count: Int { holds.count + ends.count + resolutions.count + changes.count }
    }

    private struct State {
        var turn = Turn()
        var writerIsIdle = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    var count: Int { state.withLock { $0.turn.count } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Adds work and wakes the writer if it sleeps; false once the queue is closed.
    func add(_ change: (inout Turn) -> Void) -> Bool {
        let (isOpen, mustWake) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, false) }
            change(&state.turn)
            defer { state.writerIsIdle = false }
            return (true, state.writerIsIdle)
        }
        if mustWake { work.signal() }
        return isOpen
    }

    /// Takes nothing more in; what is in is still given out.
    func close() {
        let mustWake = state.withLock { state in
            state.isClosed = true
            defer { state.writerIsIdle = false }
            return state.writerIsIdle
        }
        if mustWake { work.signal() }
    }

    /// Everything that waits, as soon as there is something; nil when the queue is closed and empty.
    func next() -> Turn? {
        while true {
            let (turn, isClosed) = state.withLock { state -> (Turn, Bool) in
                let turn = take(&state)
                state.writerIsIdle = turn.isEmpty && !state.isClosed
                return (turn, state.isClosed)
            }
            if !turn.isEmpty { return turn }
            if isClosed { return nil }
            work.wait()
        }
    }

    /// Everything that waits after a pause, be it nothing.
    func next(afterMilliseconds pause: Int) -> Turn {
        // The writer is not marked idle, so nobody signals and the whole pause passes.
        _ = work.wait(timeout: .now() + .milliseconds(pause))
        return state.withLock { take(&$0) }
    }

    private func take(_ state: inout State) -> Turn {
        let turn = state.turn
        state.turn = Turn()
        return turn
    }
}
