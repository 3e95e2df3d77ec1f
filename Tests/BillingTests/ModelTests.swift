import Foundation
import Support
import Tenancy
import Testing

@testable import Billing

/// Random histories of the real ledger and of a naive one must agree after every step.
struct ModelTests {
    private static let steps = 400

    /// Once found a limit lowered while a call of the day before yesterday went on; its next attempt had the old limit.
    private static let loweredMeanwhile: UInt64 = 10_286_134_115_552_761_113

    /// Fixed seeds and a new one, or the one in TOLLGATE_MODEL_SEED.
    static var seeds: [UInt64] {
        if let text = ProcessInfo.processInfo.environment["TOLLGATE_MODEL_SEED"], let seed = UInt64(text) {
            return [seed]
        }
        return Array(1...20) + [loweredMeanwhile, .random(in: 21 ... .max)]
    }

    @Test(arguments: seeds)
    func theLedgerAgreesWithANaiveOne(seed: UInt64) async throws {
        print("TOLLGATE_MODEL_SEED=\(seed)")
        let start = try #require(Timestamp(rfc3339: "2026-10-30T20:00:00Z"))
        let history = try ModelHistory(seed: seed, at: start)
        for step in 0..<Self.steps {
            let name = try await history.step()
            guard try history.agrees() else {
                Issue.record("seed \(seed), step \(step), \(name): \(history.disagreement)")
                return
            }
        }
        #expect(try history.fixture.differences() == [])
        try await history.drain()
        #expect(try history.agrees(), "\(history.disagreement)")
        #expect(history.model.holds.isEmpty)
        #expect(try history.fixture.count("SELECT COUNT(*) FROM holds") == 0)
        #expect(try history.fixture.holdsOnDisk() == [])
        #expect(try history.fixture.differences() == [])
    }
}
