import Tenancy
import Testing

@testable import Billing

struct WebhookRetryTests {
    private static let start = Timestamp(microseconds: 1_793_491_200_000_000)

    private var delivery: WebhookDelivery {
        WebhookDelivery(
            id: ID("whd_1"), webhookID: ID("whk_1"), messageID: "msg_1", event: "webhook.test", body: "{}",
            createdAt: Self.start)
    }

    private func attempt(_ status: Int?, retryAfter: Int64? = nil, after seconds: Int64 = 0) -> WebhookAttempt {
        WebhookAttempt(
            status: status, error: status == nil ? "refused" : nil, retryAfterSeconds: retryAfter,
            endedAt: Self.start.adding(milliseconds: seconds * 1000), milliseconds: 5)
    }

    private func pause(afterAttempts count: Int64, dice: UInt64, retryAfter: Int64? = nil) throws -> Int64 {
        var delivery = delivery
        delivery.attempts = count - 1
        let next = WebhookRetry.after(attempt(503, retryAfter: retryAfter), delivery, dice: dice)
        #expect(next.attempts == count)
        return (try #require(next.nextAt).microseconds - Self.start.microseconds) / 1000
    }

    @Test(arguments: [200, 202, 204, 299])
    func a2xxIsTheEnd(status: Int) {
        let next = WebhookRetry.after(attempt(status), delivery, dice: 7)
        #expect([next.state == .delivered, next.nextAt == nil, next.attempts == 1] == [true, true, true])
    }

    @Test(arguments: [nil, 199, 301, 302, 307, 400, 404, 410, 429, 500, 503])
    func anythingElseIsTriedAgainRedirectsIncluded(status: Int?) {
        let next = WebhookRetry.after(attempt(status), delivery, dice: 0)
        #expect(next.state == .pending)
        #expect(next.error == (status == nil ? "refused" : nil))
    }

    @Test(arguments: [(1, 1000), (2, 2000), (3, 4000), (6, 32_000), (12, 2_048_000), (13, 3_600_000), (90, 3_600_000)])
    func pausesDoubleUpToAnHourAndAreSpreadOverTheirLaterHalf(count: Int64, longest: Int64) throws {
        #expect(try pause(afterAttempts: count, dice: 0) == longest / 2)
        #expect(try pause(afterAttempts: count, dice: UInt64(longest / 2)) == longest)
        for dice in [3, 77, .max] as [UInt64] {
            #expect((longest / 2...longest).contains(try pause(afterAttempts: count, dice: dice)))
        }
    }

    @Test func aReceiverMayAskForALongerPauseUpToAnHour() throws {
        #expect(try pause(afterAttempts: 1, dice: 0, retryAfter: 60) == 60_000)
        #expect(try pause(afterAttempts: 1, dice: .max, retryAfter: 60) <= 90_000)
        #expect(try pause(afterAttempts: 1, dice: 0, retryAfter: .max) == 3_600_000)
        #expect(try pause(afterAttempts: 1, dice: 0, retryAfter: -5) == 500)
        #expect(try pause(afterAttempts: 9, dice: 0, retryAfter: 1) == 128_000)
    }

    @Test func aMessageIsGivenUpThreeDaysAfterItsEvent() {
        let day: Int64 = 86_400
        #expect(WebhookRetry.after(attempt(500, after: 3 * day - 2), delivery, dice: 0).state == .pending)
        let last = WebhookRetry.after(attempt(500, after: 3 * day), delivery, dice: 0)
        #expect([last.state == .failed, last.nextAt == nil] == [true, true])
    }

    @Test func aWebhookIsGivenUpAfterFiveDaysOfFailuresOrWhenItIsGone() {
        let day: Int64 = 86_400
        #expect(WebhookRetry.disables(attempt(500, after: 5 * day - 1), failingSince: Self.start) == nil)
        #expect(WebhookRetry.disables(attempt(500, after: 5 * day), failingSince: Self.start) != nil)
        #expect(WebhookRetry.disables(attempt(200, after: 5 * day), failingSince: Self.start) == nil)
        #expect(WebhookRetry.disables(attempt(500, after: 9 * day), failingSince: nil) == nil)
        #expect(WebhookRetry.disables(attempt(410), failingSince: nil) != nil)
    }
}
