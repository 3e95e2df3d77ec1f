import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct OtherMetersTests {
    private static let usage = TokenUsage(
        input: 10, inputCacheRead: 2, inputAudio: 7, inputImage: 5, output: 3, outputAudio: 4, image: 2, second: 9,
        character: 8, request: 1, search: 6)

    private func settle(_ fixture: LedgerFixture, _ usage: TokenUsage, version: String? = nil) async throws {
        let reservation = try fixture.held(fixture.claim(30))
        #expect(await fixture.record(reservation) == nil)
        var settlement = fixture.settlement(reservation, cost: 30, usage: usage)
        settlement.priceVersion = version
        let ended = settlement
        let error = await withCheckedContinuation { continuation in
            fixture.ledger.settle(ended) { continuation.resume(returning: $0) }
        }
        #expect(error == nil)
    }

    @Test func whatHasNoColumnIsWrittenAsOneTextAndReadBack() async throws {
        let fixture = try LedgerFixture()
        try await settle(fixture, Self.usage)
        try await settle(fixture, TokenUsage(input: 1))
        let rows = try fixture.file.read { try Row.fetchAll($0, sql: "SELECT * FROM ledger ORDER BY seq") }
        #expect(
            rows[0]["other_meters"]
                == #"{"input_audio":7,"input_image":5,"output_audio":4,"image":2,"second":9,"character":8,"#
                + #""request":1,"search":6}"#)
        #expect(rows[1]["other_meters"] == nil)
        #expect(try rows.map { try LedgerStore.usage($0) } == [Self.usage, TokenUsage(input: 1)])
    }

    @Test func rollUpsKeepARowAMeterAndOnlyWhereItCounts() async throws {
        let fixture = try LedgerFixture()
        for _ in 0..<3 { try await settle(fixture, Self.usage) }
        try await settle(fixture, TokenUsage(input: 1, output: 1))
        for table in ["usage_quarter_meters", "usage_day_meters"] {
            let units = try fixture.file.read { db in
                try Row.fetchAll(db, sql: "SELECT meter, units FROM \(table)").reduce(into: [String: Int64]()) {
                    $0[$1["meter"]] = $1["units"]
                }
            }
            let expected = TokenUsage.otherMeters.map { ($0.rawValue, 3 * Self.usage[$0]) }
            #expect(units == Dictionary(uniqueKeysWithValues: expected))
        }
        #expect(try fixture.differences() == [])
    }

    @Test func dailyTokenQuotasCountAudioAndImagesAndNoUnits() async throws {
        let fixture = try LedgerFixture()
        try await settle(fixture, Self.usage)
        let (requests, tokens) = try fixture.file.read {
            try LedgerStore.requestsAndTokensSince(
                $0, tenantID: LedgerFixture.tenant, from: Timestamp(microseconds: 0))
        }
        #expect(requests == 1)
        #expect(tokens == 10 + 2 + 7 + 5 + 3 + 4)
        #expect(tokens == Self.usage.total)
    }

    @Test func aRowNamesTheVersionThatPricedIt() async throws {
        let fixture = try LedgerFixture()
        try await settle(fixture, TokenUsage(input: 1), version: "prc_flex")
        try await settle(fixture, TokenUsage(input: 1))
        let versions = try fixture.file.read {
            try (String?).fetchAll($0, sql: "SELECT price_version FROM ledger ORDER BY seq")
        }
        #expect(versions == ["prc_flex", nil])
    }

    @Test(arguments: [
        "", "{}", "{", "[1]", #"{"image":1.5}"#, #"{"image":"1"}"#, #"{"images":1}"#, #"{"input":1}"#, #"{"image":}"#,
        #"{"image":1,}"#, #"{image:1}"#, #"{"image":99999999999999999999}"#, #"{":1}"#,
    ])
    func anyOtherTextIsNotRead(text: String) {
        var usage = TokenUsage(input: 4)
        #expect(usage.readOtherMeters(text) == false)
        #expect(usage == TokenUsage(input: 4))
    }

    /// Prices and a ledger of before these meters existed are kept as they were.
    @Test func olderDatabasesGainTheMetersAndKeepTheirPrices() throws {
        let folder = try TemporaryDatabase()
        let older = try DatabaseQueue(path: folder.path)
        var migrator = DatabaseMigrator()
        TenancySchema.register(&migrator)
        BillingSchema.register(&migrator)
        try migrator.migrate(older, upTo: "billing-emergency")
        try older.write {
            try $0.execute(
                sql: """
                    INSERT INTO prices (id, model, kind, effective_from, published_at, input, output, input_cache_read)
                    VALUES ('prc_1', 'm', 'tenant', 1, 2, 150000, 0, 75000)
                    """)
        }
        try migrator.migrate(older)
        let prices = try older.read { try BillingStore.prices($0) }
        #expect(prices.map(\.rates) == [Rates(input: 150_000, output: 0, others: [.inputCacheRead: 75_000])])
        #expect(prices.map(\.aboveTokens) == [nil])
        try older.close()
    }
}
