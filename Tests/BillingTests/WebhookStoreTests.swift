import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct WebhookStoreTests {
    private func fixture(_ ids: [String] = ["whk_1"]) throws -> LedgerFixture {
        let fixture = try LedgerFixture()
        try fixture.file.write { db in
            for id in ids {
                _ = try WebhookStore.insert(
                    Webhook(
                        id: ID(id), url: "http://127.0.0.1/\(id)", events: ["backend.up"],
                        createdAt: fixture.clock.now()), db)
            }
        }
        return fixture
    }

    private func raise(_ fixture: LedgerFixture) throws {
        let now = fixture.clock.now()
        try fixture.file.write { db in
            try AlertStore.raise(
                .backend(isUp: true, id: "be_1", name: "a", pool: "p", reason: "probe", at: now), db)
        }
    }

    private func attempt(_ fixture: LedgerFixture, _ status: Int?) -> WebhookAttempt {
        WebhookAttempt(status: status, endedAt: fixture.clock.now(), milliseconds: 1)
    }

    private func due(_ fixture: LedgerFixture) throws -> [WebhookDelivery] {
        try fixture.file.read { try WebhookStore.due($0, at: fixture.clock.now()) }.map(\.1)
    }

    @Test func aMessageIsDueAtOnceThenAfterItsPauseAndNeverAfterItArrived() throws {
        let fixture = try fixture()
        try raise(fixture)
        let first = try #require(try due(fixture).first)
        let failed = attempt(fixture, 500)
        #expect(try fixture.file.write { try WebhookStore.finish(failed, first, dice: 0, $0) } == nil)
        #expect(try due(fixture).isEmpty)
        fixture.clock.advance(milliseconds: 500)
        let second = try #require(try due(fixture).first)
        #expect([second.messageID, second.body] == [first.messageID, first.body])
        let webhook = try fixture.file.read { try WebhookStore.webhook($0, ID("whk_1")) }
        #expect(webhook?.failingSince == failed.endedAt)
        _ = try fixture.file.write { try WebhookStore.finish(attempt(fixture, 204), second, dice: 0, $0) }
        fixture.clock.advance(milliseconds: 86_400_000)
        #expect(try due(fixture).isEmpty)
        #expect(try fixture.file.read { try WebhookStore.webhook($0, ID("whk_1")) }?.failingSince == nil)
    }

    @Test func oneThatIsGoneIsGivenUpUntilATestArrives() throws {
        let fixture = try fixture()
        try raise(fixture)
        let delivery = try #require(try due(fixture).first)
        let reason = try fixture.file.write { try WebhookStore.finish(attempt(fixture, 410), delivery, dice: 0, $0) }
        #expect(reason != nil)
        fixture.clock.advance(milliseconds: 10_000)
        #expect(try due(fixture).isEmpty)
        try raise(fixture)
        #expect(try fixture.count("SELECT COUNT(*) FROM webhook_deliveries") == 1)
        let test = WebhookDelivery(
            id: ID("whd_t"), webhookID: ID("whk_1"), messageID: "msg_t", event: "webhook.test", body: "{}",
            createdAt: fixture.clock.now())
        let failed = try fixture.file.write {
            try WebhookStore.record(test: attempt(fixture, 500), test, $0)
        }
        #expect([failed.state == .failed, try due(fixture).isEmpty] == [true, true])
        let again = WebhookDelivery(
            id: ID("whd_u"), webhookID: ID("whk_1"), messageID: "msg_u", event: "webhook.test", body: "{}",
            createdAt: fixture.clock.now())
        _ = try fixture.file.write { try WebhookStore.record(test: attempt(fixture, 200), again, $0) }
        #expect(try due(fixture).map(\.id) == [delivery.id])
    }

    @Test func eachWebhookHasOneMessageInTurnTheLongestDueFirst() throws {
        let fixture = try fixture(["whk_1", "whk_2"])
        try raise(fixture)
        fixture.clock.advance(milliseconds: 1)
        try raise(fixture)
        let both = try due(fixture)
        #expect(Set(both.map(\.webhookID.text)) == ["whk_1", "whk_2"])
        #expect(Set(both.map(\.messageID)).count == 1)
    }

    @Test func theLogIsNewestFirstInPagesAndForgetsAfterThirtyDays() throws {
        let fixture = try fixture()
        for _ in 0..<5 {
            try raise(fixture)
            fixture.clock.advance(milliseconds: 1)
        }
        let page = { (before: String?) in
            try fixture.file.read {
                try WebhookStore.deliveries($0, webhook: ID("whk_1"), before: before, limit: 2).map(\.id.text)
            }
        }
        let first = try page(nil)
        let second = try page(first.last)
        #expect(first + second == (first + second).sorted(by: >))
        #expect(try page(try page(second.last).last) == [])
        fixture.clock.advance(milliseconds: 30 * 86_400_000 - 2)
        #expect(try fixture.file.read { try WebhookStore.isPrunable($0, at: fixture.clock.now()) })
        try fixture.file.write { try WebhookStore.prune($0, at: fixture.clock.now(), limit: 100) }
        #expect(try fixture.count("SELECT COUNT(*) FROM webhook_deliveries") == 2)
        #expect(try !fixture.file.read { try WebhookStore.isPrunable($0, at: fixture.clock.now()) })
    }

    @Test func aDeletedWebhookTakesItsMessagesAlong() throws {
        let fixture = try fixture()
        try raise(fixture)
        let delivery = try #require(try due(fixture).first)
        try fixture.file.write { try WebhookStore.delete(ID("whk_1"), $0) }
        #expect(try fixture.count("SELECT COUNT(*) FROM webhook_deliveries") == 0)
        // An attempt that was under way ends without a trace.
        let reason = try fixture.file.write { try WebhookStore.finish(attempt(fixture, 410), delivery, dice: 0, $0) }
        #expect(reason == nil)
        #expect(throws: BillingError.notFound) {
            try fixture.file.write { try WebhookStore.delete(ID("whk_1"), $0) }
        }
    }
}
