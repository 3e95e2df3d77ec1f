import Logging
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing
@testable import Tollgate

struct CutOffCallsTests {
    @Test(arguments: [(0, 0), (3, 3), (1000, 1000), (1002, 1001)])
    func `each has a line, and those beyond a thousand have one together`(calls: Int, expected: Int) {
        let lines = Lines()
        let logger = Logger(label: "test") { label in
            LineLogHandler(
                label: label, format: .text, threshold: LogThreshold(.info), time: ManualClock(),
                write: { lines.add($0) })
        }
        CutOffCalls.tell((0..<calls).map(hold), logger)
        let told = lines.all
        #expect(told.count == expected)
        #expect(told.last?.contains(" count=2") ?? false == (calls == 1002))
    }

    private func hold(_ number: Int) -> StoredHold {
        let at = Timestamp(microseconds: Int64(number))
        return StoredHold(
            id: HoldID(request: RequestID.make(at: at).text, attempt: 1), tenantID: ID("ten_1"), keyID: ID("key_1"),
            model: "m", pool: "p", backendID: "be_1", amount: .zero, admittedAt: at, isUncertain: true,
            priceVersion: nil, multiplierPPM: 1_000_000)
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) {
            lines.withLock { $0.append(line) }
        }
    }
}
