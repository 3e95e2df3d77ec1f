import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// What is in a file that is handed out, and what is in nobody's.
struct ExportHandOutTests {
    /// Two tenants with a price, a correction and an uncertain hold each, and what the provider charges.
    private func month(_ status: PeriodStatus = .open) throws -> PeriodFacts {
        let start = Timestamp(microseconds: 0)
        func price(_ id: String, _ kind: PriceKind) throws -> PriceFact {
            PriceFact(
                PriceVersion(
                    id: id, model: "m", kind: kind, effectiveFrom: start, publishedAt: start,
                    rates: try Rates(perMillion: ["input": "1", "output": "1"])))
        }
        func correction(_ id: String, _ tenant: String) throws -> CorrectionFact {
            CorrectionFact(
                Correction(
                    id: ID(id), correctsPeriod: try LedgerFixture.month("2026-09"), tenantID: ID(tenant),
                    amount: Money(pico: 1), reason: "reason of \(tenant)", createdAt: start, createdBy: "a"))
        }
        func hold(_ tenant: String) -> HoldFact {
            HoldFact(
                StoredHold(
                    id: HoldID(request: "req_of_\(tenant)", attempt: 1), tenantID: ID(tenant),
                    keyID: ID("key_\(tenant)"),
                    model: "m", pool: "p", backendID: "be_1", amount: Money(pico: 1), admittedAt: start,
                    isUncertain: true, priceVersion: nil, multiplierPPM: 1_000_000))
        }
        return PeriodFacts(
            period: Period(try LedgerFixture.month("2026-10")), formatVersion: 1, softwareVersion: "1",
            party: BillingParty(), tenants: [:], keys: [:], backends: [:], models: [:],
            prices: try [price("prc_a", .tenant), price("prc_b", .tenant), price("prc_up", .upstream)]
                .reduce(into: [:]) { $0[$1.id] = $1 },
            credits: [],
            corrections: try [correction("cor_a", "ten_a"), correction("cor_b", "ten_b")]
                .reduce(into: [:]) { $0[$1.id] = $1 },
            uncertainHolds: [hold("ten_a"), hold("ten_b")], previousManifestSHA256: nil)
    }

    @Test func aTenantsFileTellsOfTheTenantAlone() throws {
        var query = ExportQuery(format: .csv)
        query.tenantID = "ten_a"
        let notes = ExportNotes(query, try month(), versions: ["prc_a"])
        #expect(notes.prices.map(\.id) == ["prc_a"])
        #expect(notes.corrections.map(\.id) == ["cor_a"])
        #expect(notes.uncertainHolds.map(\.tenantID) == ["ten_a"])
        query.tenantID = nil
        query.tag = ExportTag("nobody:has")
        let none = ExportNotes(query, try month(), versions: [])
        #expect(none.prices.isEmpty && none.corrections.isEmpty && none.uncertainHolds.isEmpty)
    }

    @Test func whatProvidersChargeIsForTheOperator() throws {
        var query = ExportQuery(format: .csv)
        let whole = ExportNotes(query, try month(), versions: ["prc_a", "prc_b"])
        #expect(whole.prices.map(\.id) == ["prc_a", "prc_b"])
        #expect(whole.corrections.count == 2 && whole.uncertainHolds.count == 2)
        query.view = .upstream
        #expect(try ExportNotes(query, month(), versions: []).prices.map(\.id) == ["prc_up"])
    }

    @Test func aManifestOfATenantHasNoOthersPrices() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        let now = fixture.clock.now()
        let price = PriceVersion(
            id: "prc_up", model: "m", kind: .upstream, effectiveFrom: now, publishedAt: now,
            rates: try Rates(perMillion: ["input": "0.15", "output": "0.6"]))
        _ = try await fixture.journal.write { try BillingStore.insert(price, $0).id }
        try await fixture.spend(5)
        func manifest(_ view: ExportQuery.View) throws -> String {
            var query = ExportQuery(format: .csv)
            query.view = view
            let download = try ExportDownload.manifest(
                query, try fixture.facts("2026-10"), after: nil, through: .max, file: fixture.file)
            var bytes: [UInt8] = []
            while let piece = try download.next() { bytes += piece }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(try !manifest(.tenant).contains("prc_up"))
        #expect(try manifest(.upstream).contains("prc_up"))
    }

    @Test func correctionsGoOnToAFurtherSheet() throws {
        let spool = try SpoolFile()
        let file = try WorkbookFile(path: spool.path, title: "t", author: "a", created: 0, rowsAtMost: 3)
        var sheets = try WorkbookSheets(file, ExportQuery(format: .xlsx), try month(), through: 0)
        var row = ExportRow(kind: .adjustment, day: Timestamp(microseconds: 0), tenantID: "ten_a")
        row.correctsPeriod = "2026-09"
        for _ in 0..<5 { try sheets.add(row) }
        #expect(sheets.sheetCounts == [3, 3])
    }

    @Test func anUnknownUpstreamCostIsNotZero() throws {
        let pricing = try ExportPricing([:])
        var row = ExportRow(kind: .usage, day: Timestamp(microseconds: 0), tenantID: "ten_a")
        row.backendID = "be_1"
        var sums = ExportSums()
        func entry(_ upstream: Int64?, isRequest: Bool = true) -> ExportEntry {
            ExportEntry(
                group: ExportGroup(
                    day: 0, tenant: 0, key: 0, pool: 0, model: 0, backend: 0, version: 0, listVersion: ExportNames.none,
                    corrects: 0,
                    correction: ExportNames.none,
                    multiplierPPM: 0),
                isRequest: isRequest, isEstimated: false, usage: TokenUsage(input: 1), cost: 1, listCost: 1,
                upstreamCost: upstream)
        }
        sums.add(entry(nil, isRequest: false))
        #expect(pricing.upstreamRow(row, sums).upstreamCost == .zero)
        sums.add(entry(nil))
        let unknown = pricing.upstreamRow(row, sums)
        #expect(unknown.upstreamCost == nil && unknown.unpriced == 1)
        let charge = FocusCharge(unknown, isUpstream: true)
        #expect(charge.category == .adjustment && charge.unitPrice == nil)
        sums.add(entry(7))
        let some = pricing.upstreamRow(row, sums)
        #expect(some.upstreamCost == Money(pico: 7) && some.unpriced == 1)
    }

    @Test func aPriceOfOneTenantIsNotNamedAsAnothers() throws {
        let words = FocusWords(try month(), .tenant)
        func id(_ ppm: Int64) -> String? {
            var row = ExportRow(kind: .usage, day: Timestamp(microseconds: 0), tenantID: "ten_a")
            row.model = "m"
            row.meter = .input
            row.priceVersion = "prc_a"
            row.multiplierPPM = ppm
            return words.text(.skuPriceID, row, FocusCharge(row, isUpstream: false))
        }
        #expect(id(1_000_000) == "m/input@prc_a")
        #expect(id(1_250_000) == "m/input@prc_ax1.25")
    }

    @Test func aLaterFormatVersionIsNamed() async throws {
        let fixture = try LedgerFixture()
        let open = try month()
        let facts = PeriodFacts(
            period: open.period, formatVersion: 7, softwareVersion: "9", party: open.party, tenants: [:], keys: [:],
            backends: [:], models: [:], prices: [:], credits: [], corrections: [:], uncertainHolds: [],
            previousManifestSHA256: nil)
        for format in ExportFormat.allCases {
            #expect(throws: ExportError.unknownFormatVersion(7)) {
                _ = try ExportDownload(ExportQuery(format: format), facts, through: .max, file: fixture.file)
            }
        }
        #expect(throws: ExportError.unknownFormatVersion(7)) {
            _ = try ExportDownload.manifest(
                ExportQuery(format: .csv), facts, after: nil, through: .max, file: fixture.file)
        }
    }

    @Test(arguments: [("1.005", "-0.005"), ("1.015", "0.005"), ("0.994999999999", "-0.004999999999"), ("2", "0")])
    func theRoundingIsALineOfItsOwn(amount: String, difference: String) throws {
        let exact = try Money(decimal: amount)
        #expect(StatementRounding.difference(exact).decimal == difference)
        #expect(StatementRounding.difference(.zero - exact) == .zero - StatementRounding.difference(exact))
    }
}
