import Foundation
import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct PeriodFactsTests {
    static let sources = PeriodSources(
        party: BillingParty(issuer: "Example Ltd", accountID: "acct_7", accountName: "Research"),
        softwareVersion: "1.2.3",
        routing: { _ in
            RoutingFacts(
                backends: [
                    "be_1": BackendFact(
                        id: "be_1", name: "llama", pool: "p", kind: "openai", host: "127.0.0.1"),
                    "be_2": BackendFact(id: "be_2", name: "unused", pool: "p", kind: "openai", host: "h"),
                ],
                models: ["m": ModelFact(name: "m", upstreamModels: ["p": "org/m"])])
        })

    @Test func namesWhatTheEntriesNameAndNothingElse() async throws {
        let fixture = try LedgerFixture()
        let now = fixture.clock.now()
        for (id, kind, model) in [("prc_up", PriceKind.upstream, "m"), ("prc_other", .upstream, "other")] {
            let price = PriceVersion(
                id: id, model: model, kind: kind, effectiveFrom: now, publishedAt: now,
                rates: try Rates(perMillion: ["input": "0.15", "output": "0.6"]))
            _ = try await fixture.journal.write { try BillingStore.insert(price, $0).id }
        }
        try await fixture.spend(5)
        let month = BillingPeriod(containing: now)
        let facts = try fixture.file.read { try PeriodFactsStore.facts($0, month, Self.sources) }
        #expect(facts.period == Period(month))
        #expect(facts.period.status == .open)
        #expect(facts.formatVersion == PeriodFacts.currentFormatVersion)
        #expect(facts.party.issuer == "Example Ltd" && facts.party.currency == "USD")
        #expect(facts.tenants.mapValues(\.name) == ["ten_1": "one"])
        #expect(facts.keys.mapValues(\.name) == ["key_a": "key_a"])
        #expect(facts.backends.mapValues(\.name) == ["be_1": "llama"])
        #expect(facts.models["m"]?.upstreamModels == ["p": "org/m"])
        #expect(facts.prices["prc_up"]?.perMillion == ["input": "0.15", "output": "0.6"])
        #expect(Array(facts.prices.keys) == ["prc_up"])
        #expect(facts.previousManifestSHA256 == nil)
        let empty = try fixture.file.read { try PeriodFactsStore.facts($0, month.next, Self.sources) }
        #expect(empty.tenants.isEmpty && empty.keys.isEmpty && empty.backends.isEmpty && empty.models.isEmpty)
    }

    @Test func aPriceForAllTenantsIsWrittenAsBeforeThereWereAgreements() throws {
        let now = Timestamp(microseconds: 0)
        func version(_ tenant: String?) -> PriceVersion {
            PriceVersion(
                id: "prc_1", model: "m", tenantID: tenant.map { ID($0) }, effectiveFrom: now, publishedAt: now,
                rates: Rates(input: 1_000_000, output: 2_000_000))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let general = String(decoding: try encoder.encode(PriceFact(version(nil))), as: UTF8.self)
        #expect(!general.contains("tenantID"))
        let agreed = try encoder.encode(PriceFact(version("ten_1")))
        #expect(try JSONDecoder().decode(PriceFact.self, from: agreed).tenantID == "ten_1")
        #expect(try JSONDecoder().decode(PriceFact.self, from: Data(general.utf8)).tenantID == nil)
    }
}
