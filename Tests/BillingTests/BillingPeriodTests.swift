import Tenancy
import Testing

@testable import Billing

struct BillingPeriodTests {
    @Test(arguments: ["2026-11", "1970-01", "2024-02", "9999-12"])
    func readsWhatItWrites(text: String) throws {
        let month = try #require(BillingPeriod(text))
        #expect(month.text == text)
        #expect(BillingPeriod(containing: month.start) == month)
    }

    @Test(arguments: [
        "", "2026", "2026-1", "2026-13", "2026-00", "26-11", "2026-11-01", "+026-11", "2026-1a", "1969-12",
    ])
    func refusesEverythingElse(text: String) {
        #expect(BillingPeriod(text) == nil)
    }

    @Test func monthsMeetWithoutGapOrOverlap() throws {
        var month = try #require(BillingPeriod("1999-12"))
        for _ in 0..<600 {
            let (next, lastInstant) = (month.next, Timestamp(microseconds: month.end.microseconds - 1))
            #expect(month < next && month.end == next.start)
            #expect(BillingPeriod(containing: lastInstant) == month)
            #expect(BillingPeriod(containing: month.end) == next)
            let days = (month.end.microseconds - month.start.microseconds) / 86_400_000_000
            #expect((28...31).contains(days))
            month = next
        }
    }
}
