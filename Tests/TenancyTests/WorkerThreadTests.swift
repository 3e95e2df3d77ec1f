#if canImport(Glibc)
import Dispatch
import Glibc
import Synchronization
import Tenancy
import Testing

struct WorkerThreadTests {
    /// What the system says of a thread of a rank: its class, and how far it stands back within it.
    private func standing(_ rank: WorkerThread.Rank) -> (policy: Int32, niceness: Int32) {
        let found = Mutex((policy: Int32(-1), niceness: Int32(-1)))
        let done = DispatchSemaphore(value: 0)
        let isStarted = WorkerThread.start(rank) {
            found.withLock { $0 = (sched_getscheduler(0), getpriority(Int32(PRIO_PROCESS.rawValue), 0)) }
            done.signal()
        }
        #expect(isStarted)
        done.wait()
        return found.withLock { $0 }
    }

    @Test func `what reads for seconds gives way at once, and what requests wait for does not`() {
        // SCHED_IDLE is 5, the class of all that say nothing 0.
        #expect(standing(.last).policy == 5)
        #expect(standing(.afterRequests).policy == 0)
        #expect(standing(.afterRequests).niceness >= 5)
    }

    @Test func `what gets cheaper by gathering interrupts nobody and yet stands back for nobody`() {
        // SCHED_BATCH is 3.
        let standing = standing(.gathering)
        #expect(standing.policy == 3)
        #expect(standing.niceness == getpriority(Int32(PRIO_PROCESS.rawValue), 0))
    }
}
#endif
