import Billing
import Logging
import Support
import Synchronization
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct WebhookSenderTests {
    private struct Refused: Error {}

    /// An outbox, a sender, and a receiver that answers as it is told.
    private final class Fixture: Sendable {
        let clock = ManualClock()
        let file: DatabaseFile
        let journal: Journal
        let master: MasterKey
        let answers = Mutex<[Int?]>([])
        let seen = Mutex<[(url: String, headers: [String: String], body: String)]>([])
        private let directory: TemporaryDatabase

        init() throws {
            directory = try TemporaryDatabase()
            file = try DatabaseFile.open(
                path: directory.path, migrations: [TenancySchema.register, BillingSchema.register])
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            journal = Journal(file: file, time: clock, logger: logger)
            master = try MasterKey(base64: MasterKey.generate())
        }

        func sender() -> WebhookSender {
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            return WebhookSender(
                file: file, journal: journal, keys: MasterKeyHolder(master), time: clock, logger: logger
            ) {
                url, headers, body in
                self.seen.withLock {
                    $0.append((url, Dictionary(headers) { first, _ in first }, body))
                }
                let answer = self.answers.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
                guard let answer else { throw Refused() }
                return WebhookSender.Answer(status: answer)
            }
        }

        func add(_ id: String) async throws {
            var webhook = Webhook(
                id: ID(id), url: "https://example.test/\(id)", events: ["backend.down"], createdAt: clock.now())
            try webhook.seal(secret: Array("secret of \(id)".utf8), with: master)
            let made = webhook
            _ = try await journal.write { try WebhookStore.insert(made, $0) }
        }

        func raise() async throws {
            let event = AlertEvent.backend(
                isUp: false, id: "be_1", name: "a", pool: "p", reason: "probe", at: clock.now())
            try await journal.write { try AlertStore.raise(event, $0) }
        }

        func log(_ id: String) throws -> [WebhookDelivery] {
            try file.read { try WebhookStore.deliveries($0, webhook: ID(id), before: nil, limit: 100) }
        }

        /// The audit log: who did what to what.
        func audited() throws -> [String] {
            try file.auditEntries().map {
                "\($0.actor) \($0.action) \($0.subject)"
            }
        }

        /// The row of an operator's test that takes a webhook back.
        @Sendable func enabling() -> AuditEntry {
            let now = clock.now()
            return AuditEntry(
                id: ID.make(prefix: "aud", at: now), at: now, actor: "adm_1", action: "webhook.enable",
                subject: "whk_1", requestID: "req_1")
        }

        /// Sends what is due and waits until nothing is being sent.
        func beat() async {
            let sender = sender()
            sender.tick()
            await sender.stop()
        }

        func close() throws {
            journal.close()
            try file.close()
        }
    }

    @Test("a message is tried until it arrives, with one id, one body and a signature of its own each time")
    func retries() async throws {
        let fixture = try Fixture()
        try await fixture.add("whk_1")
        try await fixture.raise()
        fixture.answers.withLock { $0 = [500, nil, 200] }
        for _ in 0..<6 {
            await fixture.beat()
            fixture.clock.advance(milliseconds: 1000)
        }
        let seen = fixture.seen.withLock { $0 }
        #expect(seen.count == 3)
        #expect(Set(seen.map(\.body)).count == 1)
        #expect(Set(seen.compactMap { $0.headers["webhook-id"] }).count == 1)
        #expect(Set(seen.compactMap { $0.headers["webhook-signature"] }).count == 3)
        for call in seen {
            let stamp = try #require(call.headers["webhook-timestamp"].flatMap { Int64($0) })
            let expected = WebhookSignature.headers(
                id: call.headers["webhook-id"] ?? "", at: Timestamp(microseconds: stamp * 1_000_000), body: call.body,
                secret: Array("secret of whk_1".utf8))
            #expect(expected?.last?.1 == call.headers["webhook-signature"])
        }
        let delivery = try #require(try fixture.log("whk_1").first)
        #expect([delivery.state == .delivered, delivery.attempts == 3, delivery.error == nil] == [true, true, true])
        try fixture.close()
    }

    @Test("what waits when the process ends is sent by the next one")
    func restart() async throws {
        let fixture = try Fixture()
        try await fixture.add("whk_1")
        try await fixture.raise()
        let stopped = fixture.sender()
        await stopped.stop()
        stopped.tick()
        #expect(fixture.seen.withLock { $0.count } == 0)
        await fixture.beat()
        #expect(fixture.seen.withLock { $0.count } == 1)
        #expect(try fixture.log("whk_1").map(\.state) == [.delivered])
        try fixture.close()
    }

    @Test("a webhook that is gone is disabled with an audit row, and a test that arrives takes it back")
    func gone() async throws {
        let fixture = try Fixture()
        try await fixture.add("whk_1")
        try await fixture.raise()
        fixture.answers.withLock { $0 = [410] }
        await fixture.beat()
        let disabled = try #require(try fixture.file.read { try WebhookStore.webhook($0, ID("whk_1")) })
        #expect(disabled.disabledReason?.contains("410") == true)
        #expect(try fixture.audited() == ["system webhook.disable whk_1"])
        fixture.clock.advance(milliseconds: 60_000)
        await fixture.beat()
        #expect(fixture.seen.withLock { $0.count } == 1)
        fixture.answers.withLock { $0 = [500] }
        _ = try await fixture.sender().test(disabled, entry: fixture.enabling)
        #expect(try fixture.audited() == ["system webhook.disable whk_1"])
        let test = try await fixture.sender().test(disabled, entry: fixture.enabling)
        #expect([test.state == .delivered, test.event == "webhook.test"] == [true, true])
        #expect(try fixture.audited() == ["system webhook.disable whk_1", "adm_1 webhook.enable whk_1"])
        _ = try await fixture.sender().test(disabled, entry: fixture.enabling)
        #expect(try fixture.audited().count == 2)
        await fixture.beat()
        #expect(fixture.seen.withLock { $0.count } == 5)
        try fixture.close()
    }

    @Test("a webhook whose secret does not open is sent nothing")
    func sealed() async throws {
        let fixture = try Fixture()
        let webhook = Webhook(
            id: ID("whk_1"), url: "https://example.test/", events: ["backend.down"], createdAt: fixture.clock.now())
        _ = try await fixture.journal.write { try WebhookStore.insert(webhook, $0) }
        try await fixture.raise()
        await fixture.beat()
        #expect(fixture.seen.withLock { $0.count } == 0)
        #expect(try fixture.log("whk_1").map(\.state) == [.pending])
        #expect(try fixture.log("whk_1").first?.error != nil)
        try fixture.close()
    }

    @Test("every webhook gets its own message, each signed with its own secret")
    func several() async throws {
        let fixture = try Fixture()
        for id in ["whk_1", "whk_2", "whk_3"] { try await fixture.add(id) }
        try await fixture.raise()
        await fixture.beat()
        let seen = fixture.seen.withLock { $0 }
        #expect(
            Set(seen.map(\.url))
                == ["1", "2", "3"].map { "https://example.test/whk_\($0)" }.reduce(into: []) {
                    $0.insert($1)
                })
        #expect(Set(seen.compactMap { $0.headers["webhook-signature"] }).count == 3)
        try fixture.close()
    }
}
