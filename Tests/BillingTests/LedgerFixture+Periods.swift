import Support
import Tenancy
import Testing

@testable import Billing

extension LedgerFixture {
    static func instant(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    static func month(_ text: String) throws -> BillingPeriod { try #require(BillingPeriod(text)) }

    var closer: PeriodCloser {
        PeriodCloser(
            file: file, journal: journal, ledger: ledger, sources: PeriodFactsTests.sources, time: clock,
            logger: Self.quiet)
    }

    @discardableResult
    func requestClose(_ month: String, graceMS: Int64 = 0) async throws -> Period {
        let (month, now) = (try Self.month(month), clock.now())
        return try await journal.write {
            try PeriodCloser.request(month, graceMS: graceMS, by: "finance", at: now, $0)
        }
    }

    /// Asked for and swept; fails unless the month is closed by that.
    func close(_ month: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await requestClose(month)
        await closer.sweep()
        #expect(try period(month).status == .closed, sourceLocation: sourceLocation)
    }

    func period(_ month: String) throws -> Period {
        let month = try Self.month(month)
        return try file.read { try PeriodStore.period($0, month) }
    }

    func facts(_ month: String, _ sources: PeriodSources = PeriodFactsTests.sources) throws -> PeriodFacts {
        let month = try Self.month(month)
        return try file.read { try PeriodFactsStore.facts($0, month, sources) }
    }

    func correct(_ month: String, _ amount: Int, model: String = "m") async throws -> Correction {
        try await ledger.correct(
            Correction(
                id: ID.make(prefix: "cor", at: clock.now()), correctsPeriod: try Self.month(month),
                tenantID: Self.tenant, keyID: Self.keyA, model: model, pool: "p", amount: Money(pico: Int128(amount)),
                reason: "a mistake", createdAt: clock.now(), createdBy: "finance"))
    }

    /// Everything `tollgate verify` looks at here.
    func allDifferences() throws -> [String] {
        try file.read { try LedgerVerifierStore.run($0) + PeriodVerifierStore.run($0) }
    }

    func sum(_ sql: String) throws -> Int { try count("SELECT COALESCE(SUM(\(sql)), 0) FROM ledger") }
}
