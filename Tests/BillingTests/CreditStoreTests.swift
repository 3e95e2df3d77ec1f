import GRDB
import Tenancy
import Testing

@testable import Billing

struct CreditStoreTests {
    private func credit(_ number: Int, _ amount: Money, _ kind: Credit.Kind = .prepaid) -> Credit {
        Credit(
            id: ID("crd_\(number)"), tenantID: LedgerFixture.tenant, amount: amount, kind: kind, note: nil,
            createdAt: Timestamp(microseconds: 0), createdBy: "bootstrap")
    }

    @Test func sumsAreExactByKind() throws {
        let fixture = try LedgerFixture()
        let tiny = Money(pico: 999_999)
        try fixture.file.write { db in
            for number in 1...3 { try CreditStore.insert(credit(number, tiny), db) }
            try CreditStore.insert(credit(4, .limitMaximum), db)
            try CreditStore.insert(credit(5, Money(pico: 7), .goodwill), db)
        }
        let sums = try fixture.file.read { try CreditStore.sums($0, tenant: LedgerFixture.tenant) }
        #expect(sums == [.prepaid: Money.limitMaximum + Money(pico: 2_999_997), .goodwill: Money(pico: 7)])
        let page = try fixture.file.read {
            try CreditStore.credits($0, tenant: LedgerFixture.tenant, after: "crd_2", limit: 2)
        }
        #expect(page == [credit(3, tiny), credit(4, .limitMaximum)])
    }

    @Test func twelveOfTheLargestCreditsAreSummed() throws {
        let fixture = try LedgerFixture()
        try fixture.file.write { db in
            for number in 1...12 { try CreditStore.insert(credit(number, .limitMaximum), db) }
            try CreditStore.insert(credit(13, Money(pico: 1_999_999)), db)
        }
        let sums = try fixture.file.read { try CreditStore.sums($0, tenant: LedgerFixture.tenant) }
        #expect(sums[.prepaid] == Money(pico: 12 * Money.limitMaximum.pico + 1_999_999))
    }

    @Test func aTenantWithoutCreditsHasZeroOfEach() throws {
        let fixture = try LedgerFixture()
        let sums = try fixture.file.read { try CreditStore.sums($0, tenant: LedgerFixture.tenant) }
        #expect(sums == [.prepaid: .zero, .goodwill: .zero])
    }

    @Test(arguments: ["UPDATE credits SET amount_micro = 5", "DELETE FROM credits"])
    func nothingIsChangedOrRemoved(sql: String) throws {
        let fixture = try LedgerFixture()
        try fixture.file.write { try CreditStore.insert(credit(1, Money(pico: 5)), $0) }
        #expect(throws: DatabaseError.self) { try fixture.file.write { try $0.execute(sql: sql) } }
        #expect(throws: DatabaseError.self) {
            try fixture.file.write { try CreditStore.insert(self.credit(2, .zero), $0) }
        }
    }

    @Test func creditsMoveNoCap() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        try await fixture.spend(60)
        try await fixture.journal.write { try CreditStore.insert(self.credit(1, Money(pico: 1000)), $0) }
        #expect(fixture.figures(budget) == [60, 0, 40])
        try fixture.restart()
        #expect(fixture.figures(budget) == [60, 0, 40])
        #expect(try fixture.differences() == [])
    }
}
