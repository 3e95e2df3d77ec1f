import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// A year and a month of calls at random instants, many of them beside the edges of months and the changes of clocks.
struct PeriodPropertyTests {
    private static let zones = ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe"]

    /// From the leap day's year over its end, in order.
    private func instants(_ random: inout SeededGenerator, count: Int) throws -> [Timestamp] {
        let start = try LedgerFixture.month("2024-01").start.microseconds
        let end = try LedgerFixture.month("2025-02").start.microseconds
        var instants = (0..<count).map { _ in Int64.random(in: start..<end, using: &random) }
        var month = try LedgerFixture.month("2024-01")
        while month.end.microseconds < end {
            instants += [-1, 0, 1].map { month.end.microseconds + $0 }
            month = month.next
        }
        for text in ["2024-02-29T00:00:00Z", "2024-02-29T23:59:59.999999Z", "2024-03-10T07:00:00Z"] {
            instants.append(try LedgerFixture.instant(text).microseconds)
        }
        return instants.sorted().map { Timestamp(microseconds: $0) }
    }

    @Test func everyInstantIsInExactlyOneMonth() throws {
        var random = SeededGenerator(seed: 31)
        var months: [BillingPeriod] = []
        var month = try LedgerFixture.month("2023-12")
        for _ in 0..<16 {
            months.append(month)
            month = month.next
        }
        for instant in try instants(&random, count: 20_000) {
            let containing = months.filter { $0.start <= instant && instant < $0.end }
            #expect(containing == [BillingPeriod(containing: instant)])
            #expect(instant.rfc3339.hasPrefix(containing[0].text))
        }
    }

    @Test(arguments: zones)
    func entriesRollUpsAndAccountsAgreeInEveryMonth(zone: String) async throws {
        var random = SeededGenerator(seed: 32)
        let instants = try instants(&random, count: 120)
        let fixture = try LedgerFixture(zone: zone, at: instants.first)
        let total = try await fixture.budget(100_000_000_000, .total)
        let monthly = try await fixture.budget(100_000_000_000, .month)
        var spanning: [Reservation] = []
        var spent = 0
        for (index, instant) in instants.enumerated() {
            fixture.clock.set(instant)
            let reservation = try fixture.held(fixture.claim(50_000_000, model: "m\(random.below(2))"))
            #expect(await fixture.record(reservation) == nil)
            // Some calls end after later ones began, perhaps in another month.
            spanning.append(reservation)
            while let first = spanning.first, spanning.count > random.below(4) || index == instants.count - 1 {
                spanning.removeFirst()
                let cost = random.below(40_000_000)
                spent += cost
                #expect(await fixture.settle(first, cost: cost) == nil)
            }
            guard random.oneIn(9) else { continue }
            let closed = try await closeOne(fixture, before: instant)
            for month in closed.suffix(1) where random.oneIn(2) {
                let amount = random.below(9_000_000) - 5_000_000
                spent += amount == 0 ? 1 : amount
                _ = try await fixture.correct(month.text, amount == 0 ? 1 : amount, model: "m1")
            }
        }
        #expect(fixture.figures(total)[0] == spent)
        try check(fixture, spent: spent, monthly: monthly)
        try fixture.restart()
        #expect(fixture.figures(total)[0] == spent)
        try check(fixture, spent: spent, monthly: monthly)
    }

    /// Closes the earliest open month that ended, if its calls are over; all closed ones.
    private func closeOne(_ fixture: LedgerFixture, before instant: Timestamp) async throws -> [BillingPeriod] {
        let periods = try fixture.file.read { try PeriodStore.periods($0, at: instant) }.reversed()
        if let due = periods.first(where: { $0.status == .open && $0.month.end <= instant }) {
            try await fixture.requestClose(due.month.text)
        }
        await fixture.closer.sweep()
        return try fixture.file.read { try PeriodStore.closed($0) }.map(\.month)
    }

    private func check(_ fixture: LedgerFixture, spent: Int, monthly: ID<Budget>) throws {
        #expect(try fixture.allDifferences() == [])
        var all = 0
        for period in try fixture.file.read({ try PeriodStore.periods($0, at: fixture.clock.now()) }) {
            let month = period.month
            let entries = try fixture.sum("cost * (period = '\(month)')")
            let span = "bucket_start >= \(month.start.microseconds) AND bucket_start < \(month.end.microseconds)"
            for table in ["usage_quarter", "usage_day"] {
                let sum = "SELECT COALESCE(SUM(cost_micro * 1000000 + cost_pico), 0) FROM \(table) WHERE \(span)"
                #expect(try fixture.count(sum) == entries)
            }
            if fixture.zone == "UTC" {
                let posted = """
                    SELECT COALESCE(SUM(posted_micro * 1000000 + posted_pico), 0) FROM accounts
                    WHERE budget_id = '\(monthly)' AND window_start = \(month.start.microseconds)
                    """
                #expect(try fixture.count(posted) == entries)
            }
            let totals = try fixture.file.read { try PeriodStore.totals($0, period) }
            #expect(totals.cost == Money(pico: Int128(entries)))
            #expect(try fixture.count("SELECT COUNT(*) FROM ledger WHERE period = '\(month)'") == Int(totals.entries))
            all += entries
        }
        #expect(all == spent)
        let accounts = "SELECT SUM(posted_micro * 1000000 + posted_pico) FROM accounts WHERE budget_id = '\(monthly)'"
        #expect(try fixture.count(accounts) == spent)
    }
}
