import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct ReconciliationMonthTests {
    @Test func aClosedMonthIsComparedAsItWasRouted() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:00Z"))
        try await fixture.close("2026-10")
        try await fixture.spend(5)
        let bill = [
            BilledAmount(day: "2026-10-31", model: "m", amount: Money(pico: 5)),
            BilledAmount(day: "2026-11-01", model: "m", amount: Money(pico: 5)),
        ]
        func calls(_ backend: String?, _ routing: RoutingFacts) throws -> [String] {
            try fixture.file.read { db in
                try ReconciliationStore.lines(db, bill, backend: backend, routing) { Set($0.backends.keys) }
            }.filter { $0.calls > 0 }.map { "\($0.day) \($0.model ?? "-")" }
        }
        // Since then the backend is gone and the model has another name upstream.
        #expect(try calls(nil, RoutingFacts()) == ["2026-10-31 m"])
        let remapped = RoutingFacts(
            backends: ["be_1": BackendFact(id: "be_1", name: "b", pool: "p", kind: "openai", host: "h")],
            models: ["m": ModelFact(name: "m", upstreamModels: ["p": "other"])])
        #expect(try calls(nil, remapped) == ["2026-10-31 m", "2026-11-01 other"])
        #expect(try calls("be_1", RoutingFacts()) == ["2026-10-31 m", "2026-11-01 m"])
        #expect(throws: BillingError.notFound) { _ = try calls("be_9", RoutingFacts()) }
    }

    @Test func callsHaveTheNameThatTheModelHadWhenTheyWereAdmitted() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        let start = fixture.clock.now()
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 60_000)
        try await fixture.spend(7)
        func name(_ name: String, _ ms: Int64) -> UpstreamName {
            UpstreamName(model: "m", pool: "p", since: start.adding(milliseconds: ms), name: name)
        }
        let routing = RoutingFacts(
            backends: ["be_1": BackendFact(id: "be_1", name: "b", pool: "p", kind: "openai", host: "h")],
            models: ["m": ModelFact(name: "m", upstreamModels: ["p": "latest"])],
            upstreamNames: [name("old", -1), name("new", 30_000), name("latest", 90_000)])
        let bill = [BilledAmount(day: "2026-10-31", model: "old", amount: Money(pico: 5))]
        func models() throws -> [String?] {
            try fixture.file.read { db in
                try ReconciliationStore.lines(db, bill, backend: nil, routing) { Set($0.backends.keys) }
            }.filter { $0.calls > 0 }.map(\.model)
        }
        #expect(try models() == ["new", "old"])
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:00Z"))
        try await fixture.close("2026-10")
        #expect(try models() == ["new", "old"])
    }

    @Test func aBackendIsFoundByItsNameNowOrInAClosedMonth() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:00Z"))
        try await fixture.close("2026-10")
        let now = RoutingFacts(
            backends: ["be_7": BackendFact(id: "be_7", name: "gpu", pool: "p", kind: "openai", host: "h")])
        func id(_ name: String, _ routing: RoutingFacts = RoutingFacts()) throws -> String {
            try fixture.file.read { try ReconciliationStore.backendID($0, name, routing) }
        }
        #expect(try id("llama") == "be_1" && id("be_1") == "be_1")
        #expect(try id("gpu", now) == "be_7" && id("be_7", now) == "be_7" && id("nobody", now) == "nobody")
    }

    @Test func monthsBetweenABillsDaysAreNotRead() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        for instant in ["2026-10-31T12:00:00Z", "2026-11-15T12:00:00Z", "2026-12-01T12:00:00Z"] {
            fixture.clock.set(try LedgerFixture.instant(instant))
            try await fixture.spend(5)
        }
        let bill = ["2026-10-31", "2026-12-02"].map { BilledAmount(day: $0, model: "m", amount: Money(pico: 5)) }
        let lines = try fixture.file.read { db in
            try ReconciliationStore.lines(
                db, bill, backend: "be_1",
                RoutingFacts(
                    backends: ["be_1": BackendFact(id: "be_1", name: "b", pool: "p", kind: "openai", host: "h")])
            ) { _ in [] }
        }
        #expect(lines.map(\.day) == ["2026-10-31", "2026-12-01", "2026-12-02"])
    }
}
