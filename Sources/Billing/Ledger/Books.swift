import Synchronization
import Tenancy

/// The accounts in memory behind one lock; callers are woken outside of it.
final class Books: Sendable {
    /// Requests decided in one go, so that nobody else waits long for the lock.
    private static let wakesPerTurn = 64

    private let state: Mutex<BooksState>
    private let time: any TimeSource

    init(time: any TimeSource) {
        self.time = time
        state = Mutex(BooksState())
    }

    /// Reads or changes the accounts, then wakes whom the change helps.
    @inline(__always)
    func withLock<T: Sendable>(_ body: (inout BooksState) -> T) -> T {
        let (result, isDirty) = state.withLock { state in (body(&state), !state.dirty.isEmpty) }
        if isDirty { wakeWaiters() }
        return result
    }

    // MARK: For the journal

    func snapshot(_ jobs: [JournalJob]) -> LedgerBatchStore.Snapshot {
        withLock { state in
            var snapshot = LedgerBatchStore.Snapshot()
            var known: [ObjectIdentifier: Int] = [:]
            snapshot.counts.reserveCapacity(jobs.count)
            for job in jobs {
                let before = snapshot.places.count
                if let hold = job.settlement?.reservation.hold { state.add(hold, to: &snapshot, &known) }
                snapshot.counts.append(snapshot.places.count - before)
            }
            return snapshot
        }
    }

    /// Gives back what a batch that was not committed had taken to be stored.
    func putBack(_ snapshot: LedgerBatchStore.Snapshot) {
        withLock { state in
            for entry in snapshot.accounts where entry.wouldRefuse > 0 {
                state.account(entry.key)?.unsavedWouldRefuse &+= entry.wouldRefuse
            }
        }
    }

    /// Moves the accounts after a batch was committed.
    func apply(_ outcome: LedgerBatchStore.Outcome) {
        if outcome.settled.isEmpty { return }
        withLock { state in
            for (hold, cost) in outcome.settled {
                state.settle(hold, cost: cost)
                hold.phase.store(.gone, ordering: .sequentiallyConsistent)
            }
            state.counters.settled += outcome.counters.settled
            state.counters.released += outcome.counters.released
            state.counters.excess += outcome.counters.excess
            state.counters.estimated += outcome.counters.estimated
            state.counters.unanswered += outcome.counters.unanswered
            state.counters.duplicates += outcome.counters.duplicates
        }
    }

    /// Gives back holds whose rows could not be written, except those whose settlement is on its way already.
    func giveBackUnwritten(_ holds: [Hold]) {
        withLock { state in
            for hold in holds where hold.advance(from: .journalled, to: .gone) { state.giveBack(hold) }
        }
    }

    private func wakeWaiters() {
        var isDirty = true
        while isDirty {
            let now = time.now()
            let woken: [BooksState.Woken]
            (woken, isDirty) = state.withLock { state in
                (state.pump(at: now, limit: Self.wakesPerTurn), !state.dirty.isEmpty)
            }
            for each in woken { each.waiting.wake(each.decision) }
        }
    }
}
