import Testing

@testable import Proxy

struct FaultSummaryTests {
    private static let refused = AttemptFault(kind: .notSent, reason: "connect")
    private static let busy = AttemptFault(kind: .rateLimited, reason: "rate_limited")
    private static let slow = AttemptFault(kind: .hung, reason: "first_byte_timeout", isTimeout: true)
    private static let broken = AttemptFault(kind: .failed, reason: "status_5xx")

    static let cases: [([AttemptFault], Int)] = [
        ([], 503), ([refused], 503), ([busy], 503), ([busy, refused], 503), ([slow], 504), ([busy, slow], 504),
        ([slow, refused], 504), ([broken], 502), ([broken, slow], 502), ([slow, broken, busy], 502),
    ]

    @Test(arguments: cases)
    func `the most telling failure is what the client is told`(_ faults: [AttemptFault], _ status: Int) {
        var summary = FaultSummary()
        for fault in faults { summary.note(fault) }
        #expect(ErrorResponse(summary.denial(retryAfterSeconds: 9), shape: .openAI).status == status)
    }

    @Test
    func `when nothing was free the client learns when to come back`() {
        let response = ErrorResponse(FaultSummary().denial(retryAfterSeconds: 9), shape: .openAI)
        #expect(response.extras.contains { $0 == ("retry-after", "9") })
    }
}
