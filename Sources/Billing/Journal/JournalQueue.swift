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

    private enum Writer {
        case busy
        /// Sleeps until there is work.
        case idle
        /// Sleeps for a moment while work comes in.
        case gathering
    }

    private struct State {
        var turn = Turn()
        var writer = Writer.busy
        var turnsWithoutGathering = 0
        var isClosed = false
    }

    /// A turn of so many rows shares its fixed costs well enough.
    private static var fullTurn: Int { 64 }
    /// Only after a turn of so many rows does waiting for more pay; a few callers alone never make one.
    private static var largeTurn: Int { 6 }
    /// How long work may come in before the writer looks whether more does, and how often it looks: 2 ms in all.
    private static var gatherMicroseconds: Int { 1000 }
    private static var gatherLooks: Int { 2 }
    /// Turns that are taken at once after waiting brought nothing: the callers come together, not one by one.
    private static var turnsWithoutGathering: Int { 3 }

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    var count: Int { state.withLock { $0.turn.count } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Adds work and wakes the writer if it sleeps; false once the queue is closed.
    func add(_ change: (inout Turn) -> Void) -> Bool {
        let (isOpen, mustWake) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, false) }
            change(&state.turn)
            guard state.writer == .idle else { return (true, false) }
            state.writer = .busy
            return (true, true)
        }
        if mustWake { work.signal() }
        return isOpen
    }

    /// Takes nothing more in; what is in is still given out.
    func close() {
        let mustWake = state.withLock { state in
            state.isClosed = true
            defer { state.writer = .busy }
            return state.writer != .busy
        }
        if mustWake { work.signal() }
    }

    /// Lets more work come in after a turn of `rows`, so that the next one shares its fixed costs: BEGIN, COMMIT, the
    /// pages that every turn changes and the sync. Ends when no more comes, when there is plenty, and on closing.
    func gather(after rows: Int) {
        guard rows >= Self.largeTurn else { return }
        var before = 0
        for look in 0...Self.gatherLooks {
            let goesOn = state.withLock { state -> Bool in
                state.writer = .busy
                if look == 0, state.turnsWithoutGathering > 0 {
                    state.turnsWithoutGathering -= 1
                    return false
                }
                let waiting = state.turn.count
                if look > 0, waiting == before { state.turnsWithoutGathering = Self.turnsWithoutGathering }
                let brings = look == 0 || waiting > before
                guard brings, look < Self.gatherLooks, waiting < Self.fullTurn, !state.isClosed else { return false }
                before = waiting
                state.writer = .gathering
                return true
            }
            guard goesOn else { return }
            _ = work.wait(timeout: .now() + .microseconds(Self.gatherMicroseconds))
        }
    }

    /// Everything that waits, as soon as there is something; nil when the queue is closed and empty.
    func next() -> Turn? {
        while true {
            let (turn, isClosed) = state.withLock { state -> (Turn, Bool) in
                let turn = take(&state)
                state.writer = turn.isEmpty && !state.isClosed ? .idle : .busy
                return (turn, state.isClosed)
            }
            if !turn.isEmpty { return turn }
            if isClosed { return nil }
            work.wait()
        }
    }

    /// Everything that waits after a pause, be it nothing.
    func next(afterMilliseconds pause: Int) -> Turn {
        // The writer counts as busy, so nobody signals and the whole pause passes.
        _ = work.wait(timeout: .now() + .milliseconds(pause))
        return state.withLock { take(&$0) }
    }

    private func take(_ state: inout State) -> Turn {
        let turn = state.turn
        state.turn = Turn()
        return turn
    }
}
