import Dispatch
import Foundation
import Testing

@testable import Tenancy

/// Work that runs in what others leave, and by the one who waits for it where nothing is left.
@Suite struct IdleHelperTests {
    /// Longer than any test takes.
    private static let never = 600_000

    @Test func `what is asked for is made on the helper's thread`() {
        let helper = IdleHelper(patienceMS: Self.never)
        defer { helper.stop() }
        let caller = pthread_self()
        for _ in 0..<100 {
            #expect(helper.make { pthread_equal(pthread_self(), caller) == 0 })
        }
    }

    #if os(Linux)
    @Test func `the helper is of the kernel's idle class`() {
        let helper = IdleHelper(patienceMS: Self.never)
        defer { helper.stop() }
        let idleClass: CInt = 5
        #expect(helper.make { sched_getscheduler(0) } == idleClass)
    }
    #endif

    @Test func `who waits in vain makes it alone, and so does who comes while the helper is at work`() {
        let helper = IdleHelper(patienceMS: 1)
        let (caller, gate) = (pthread_self(), DispatchSemaphore(value: 0))
        defer {
            gate.signal()
            helper.stop()
        }
        // The first one is stuck on the helper's thread; the second finds it there.
        for _ in 0..<2 {
            let isOwn = helper.make {
                let isOwn = pthread_equal(pthread_self(), caller) != 0
                if !isOwn { gate.wait() }
                return isOwn
            }
            #expect(isOwn)
        }
    }

    @Test func `once it has ended everybody makes their own`() {
        let helper = IdleHelper(patienceMS: Self.never)
        helper.stop()
        helper.stop()
        let caller = pthread_self()
        #expect(helper.make { pthread_equal(pthread_self(), caller) != 0 })
    }
}
