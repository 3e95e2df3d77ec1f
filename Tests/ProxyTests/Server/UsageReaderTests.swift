import Billing
import Dispatch
import Synchronization
import Tenancy
import Testing

@testable import Proxy

/// How many questions about usage may wait.
struct UsageReaderTests {
    private struct Unreadable: Error {}

    private let query = UsageQuery(
        span: CalendarSpan(start: Timestamp(microseconds: 0), end: Timestamp(microseconds: 900_000_000)), bucket: .day,
        zone: .utc, groups: [])

    @Test
    func `one tenant fills its own places and no other's, and all together only so many`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let reader = UsageReader { _ in
            gate.wait()
            throw Unreadable()
        }
        let answered = Mutex(0)
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        func ask(_ tenant: String) -> UsageReader.Refusal? {
            do throws(UsageReader.Refusal) {
                try reader.ask(query, of: ID(tenant)) { page in
                    if case .failure(let error) = page, error is Unreadable { answered.withLock { $0 += 1 } }
                    continuation.yield()
                }
                return nil
            } catch {
                return error
            }
        }
        var asked = 0
        for tenant in 0..<UsageReader.total / UsageReader.perTenant {
            for _ in 0..<UsageReader.perTenant {
                #expect(ask("ten_\(tenant)") == nil)
                asked += 1
            }
            #expect(ask("ten_\(tenant)") == .tenantBusy)
        }
        #expect(ask("ten_late") == .full)
        gate.signal()
        var endings = ended.makeAsyncIterator()
        await endings.next()
        #expect(ask("ten_late") == nil)
        for _ in 0..<asked {
            gate.signal()
            await endings.next()
        }
        #expect(answered.withLock { $0 } == asked + 1)
    }
}
