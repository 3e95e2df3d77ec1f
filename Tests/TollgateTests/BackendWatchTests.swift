import Billing
import GRDB
import Logging
import Support
import Tenancy
import Testing

@testable import Proxy
@testable import Tollgate

@Suite struct BackendWatchTests {
    @Test func `an alert that finds no room on the disk is stored when there is some again`() async throws {
        let folder = try TemporaryDatabase()
        defer { folder.remove() }
        let file = try DatabaseFile.open(
            path: folder.path, migrations: [TenancySchema.register, BillingSchema.register, RoutingSchema.register])
        let clock = ManualClock()
        let (failures, failed) = AsyncStream.makeStream(of: String.self)
        let logger = Logger(label: "test") { label in
            LineLogHandler(label: label, format: .text, threshold: LogThreshold(.warning), time: clock) { line in
                if line.contains("could not be stored") { failed.yield(line) }
            }
        }
        let journal = Journal(file: file, time: clock, logger: logger)
        defer { journal.close() }
        var webhook = Webhook(
            id: ID("whk_1"), url: "http://127.0.0.1:9/", events: ["backend.down"], createdAt: clock.now())
        try webhook.seal(secret: [1], with: try MasterKey(base64: MasterKey.generate()))
        let stored = webhook
        _ = try await journal.write { db in try WebhookStore.insert(stored, db) }
        try await journal.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER full BEFORE INSERT ON webhook_deliveries BEGIN SELECT RAISE(ABORT, 'full'); END
                    """)
        }
        let watch = BackendWatch(journal: journal, logger: logger, stored: [])
        let backend = BackendDefinition(
            id: ID("be_1"), pool: "p", name: "b", kind: .openai, baseURL: "http://127.0.0.1:9/v1")
        watch.note(BackendEvent(.down, backend, reason: "probe", at: clock.now()))
        var iterator = failures.makeAsyncIterator()
        _ = try #require(await iterator.next())
        try await journal.write { db in try db.execute(sql: "DROP TRIGGER full") }
        await watch.flush()
        await watch.flush()
        let events = try file.read { db in
            try WebhookStore.deliveries(db, webhook: ID("whk_1"), before: nil, limit: 9).map(\.event)
        }
        #expect(events == ["backend.down"])
    }
}
