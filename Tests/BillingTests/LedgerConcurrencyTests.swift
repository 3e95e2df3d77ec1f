import Dispatch
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct LedgerConcurrencyTests {
    /// What the callers know to be spent or held; it lags behind the ledger, never ahead of it.
    private final class Tally: Sendable {
        let taken = Mutex<Int>(0)
        let most = Mutex<Int>(0)
        let posted = Mutex<Int>(0)
        let granted = Mutex<Int>(0)
        let overshoots = Mutex<Int>(0)

        func add(_ amount: Int) {
            let sum = taken.withLock { taken in
                taken += amount
                return taken
            }
            most.withLock { $0 = max($0, sum) }
        }
    }

    @Test func manyThreadsNeverPassOneCap() async throws {
        let fixture = try LedgerFixture()
        let cap = 1000
        let budget = try await fixture.budget(cap)
        let (ledger, clock, tenant) = (fixture.ledger, fixture.clock, fixture.tenant())
        let tally = Tally()
        let done = DispatchGroup()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(thread))
                    var granted = 0
                    while granted < 20 {
                        let amount = 1 + random.below(40)
                        let cost = random.below(amount + 1) / 8
                        let claim = Ledger.Claim(
                            requestID: RequestID.make(at: clock.now(), using: &random), tenant: tenant,
                            keyID: LedgerFixture.keyA, model: "m", pool: "p", wanted: Money(pico: Int128(amount)),
                            admittedAt: clock.now())
                        guard case .held(let reservation) = ledger.reserve(claim) else {
                            // Until one that was granted gives back what it did not cost.
                            await Task.yield()
                            continue
                        }
                        tally.add(amount)
                        granted += 1
                        if let state = ledger.state(budget), state.posted + state.held > Money(pico: Int128(cap)) {
                            tally.overshoots.withLock { $0 += 1 }
                        }
                        done.enter()
                        ledger.record(reservation) { error in
                            #expect(error == nil)
                            tally.add(cost - amount)
                            tally.posted.withLock { $0 += cost }
                            let settlement = Settlement(
                                reservation: reservation, provenance: .reported, cost: Money(pico: Int128(cost)),
                                outcome: .answered, endedAt: clock.now())
                            ledger.settle(settlement) { error in
                                #expect(error == nil)
                                done.leave()
                            }
                        }
                    }
                }
            }
        }
        await withCheckedContinuation { continuation in
            done.notify(queue: .global()) { continuation.resume() }
        }
        #expect(tally.most.withLock { $0 } <= cap)
        #expect(tally.overshoots.withLock { $0 } == 0)
        let posted = tally.posted.withLock { $0 }
        #expect(fixture.figures(budget) == [posted, 0, cap - posted])
        #expect(try fixture.differences() == [])
    }
}
