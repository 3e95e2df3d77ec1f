import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// What a file says of corrections and of agreements, which no sum of units tells.
struct ExportCorrectionTests {
    private func text(_ fixture: LedgerFixture, _ query: ExportQuery, _ month: String) throws -> String {
        let download = try ExportDownload(query, try fixture.facts(month), through: .max, file: fixture.file)
        var bytes: [UInt8] = []
        while let piece = try download.next() { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func november() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:00Z"))
        try await fixture.close("2026-10")
        return fixture
    }

    @Test func eachCorrectionIsARowEvenIfTheyAddUpToNothing() async throws {
        let fixture = try await november()
        let made = [try await fixture.correct("2026-10", 5), try await fixture.correct("2026-10", -5)]
        var rows: [ExportRow] = []
        var store = try ExportRowsStore(
            ExportQuery(format: .csv), try fixture.facts("2026-11"), through: .max, fixture.file)
        while let next = try store.next() { rows += next }
        #expect(Set(rows.compactMap(\.correctionID)) == Set(made.map(\.id.text)))
        #expect(rows.map(\.cost.pico).sorted() == [-5, 5] && rows.allSatisfy { $0.correctsPeriod == "2026-10" })
        for format in [ExportFormat.csv, .jsonl, .focus12, .focus14] {
            let file = try text(fixture, ExportQuery(format: format), "2026-11")
            for correction in made { #expect(file.contains(correction.id.text)) }
            #expect(file.contains("a mistake"))
        }
        let page = try text(fixture, ExportQuery(format: .statement), "2026-11")
        #expect(page.contains("correction of 2026-10: a mistake"))
        let facts = try fixture.facts("2026-11")
        #expect(made.map { facts.corrections[$0.id.text]?.amount } == ["0.000000000005", "-0.000000000005"])
    }

    @Test func onlyAWholeClosedMonthAsksForMoney() async throws {
        let fixture = try await november()
        func page(_ month: String, tag: String? = nil) throws -> String {
            var query = ExportQuery(format: .statement)
            query.tag = tag.flatMap { ExportTag($0) }
            return try text(fixture, query, month)
        }
        #expect(try page("2026-10").contains("Amount due: USD"))
        try await fixture.spend(7)
        let open = try page("2026-11")
        #expect(open.contains("So far, not an invoice"))
        #expect(!open.contains("Amount due") && !open.contains("as invoiced"))
        try await fixture.journal.write { try $0.execute(sql: #"UPDATE tenants SET tags = '{"a":"b"}'"#) }
        let part = try page("2026-11", tag: "a")
        #expect(part.contains("Spend of a part, not an invoice") && !part.contains("Amount due"))
    }

    @Test func anAgreedPriceStandsBesideTheListsOfThatMoment() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-11-02T00:00:00Z"))
        let start = fixture.clock.now()
        let agreed = PriceVersion(
            id: "prc_own", model: "m", tenantID: LedgerFixture.tenant, effectiveFrom: start, publishedAt: start,
            rates: Rates(input: 7, output: 11))
        let list = [(id: "prc_list", ms: Int64(0), input: Int64(10)), ("prc_next", 1000, 20), ("prc_future", 5000, 90)]
            .map { id, ms, input in
                PriceVersion(
                    id: id, model: "m", effectiveFrom: start.adding(milliseconds: ms), publishedAt: start,
                    rates: Rates(input: input, output: 12))
            }
        _ = try await fixture.journal.write { db in try (list + [agreed]).map { try BillingStore.insert($0, db).id } }
        for _ in 0..<2 {
            let reservation = try fixture.held(fixture.claim(100, price: agreed))
            #expect(await fixture.record(reservation) == nil)
            #expect(await fixture.settle(reservation, cost: 43) == nil)
            fixture.clock.advance(milliseconds: 1000)
        }
        var rows: [ExportRow] = []
        var store = try ExportRowsStore(
            ExportQuery(format: .csv), try fixture.facts("2026-11"), through: .max, fixture.file)
        while let next = try store.next() { rows += next }
        // 3 x 10 and 3 x 20 in, 2 x 12 out; what was paid is what was agreed.
        #expect(rows.map(\.listVersion) == ["prc_list", "prc_list", "prc_next", "prc_next"])
        #expect(rows.map(\.listCost.pico) == [30, 24, 60, 24] && rows.map(\.cost.pico) == [21, 22, 21, 22])
        #expect(rows.map(\.kind) == [.usage, .usage, .usage, .usage])
        let focus = try text(fixture, ExportQuery(format: .focus12), "2026-11")
        #expect(focus.contains("m/input@prc_own/prc_next"))
        let manifest = try ExportDownload.manifest(
            ExportQuery(format: .csv), try fixture.facts("2026-11"), after: nil, through: .max, file: fixture.file)
        var bytes: [UInt8] = []
        while let piece = try manifest.next() { bytes += piece }
        let told = String(decoding: bytes, as: UTF8.self)
        #expect(told.contains("prc_next") && !told.contains("prc_future"))
        fixture.clock.set(try LedgerFixture.instant("2026-12-01T00:00:00Z"))
        let before = try text(fixture, ExportQuery(format: .csv), "2026-11")
        try await fixture.close("2026-11")
        #expect(try text(fixture, ExportQuery(format: .csv), "2026-11") == before)
    }

    @Test func callsWithoutTokensAreCountedAsCallsForTheOperator() throws {
        var row = ExportRow(kind: .usage, day: Timestamp(microseconds: 0), tenantID: "ten_1")
        row.model = "pictures"
        row.requests = 18
        row.upstreamCost = Money(pico: 9)
        let charge = FocusCharge(row, isUpstream: true)
        let facts = PeriodFacts(
            period: Period(try LedgerFixture.month("2026-10")), formatVersion: 1, softwareVersion: "1",
            party: BillingParty(), tenants: [:], keys: [:], backends: [:], models: [:], prices: [:], credits: [],
            corrections: [:], uncertainHolds: [], previousManifestSHA256: nil)
        let words = FocusWords(facts, .upstream)
        #expect(charge.consumed == 18 && words.text(.consumedUnit, row, charge) == "Requests")
        #expect(words.text(.skuMeter, row, charge) == "Requests" && words.text(.pricingUnit, row, charge) == "Units")
        #expect(words.text(.skuPriceDetails, row, charge) == #"{"x_TokenType":"all"}"#)
    }
}
