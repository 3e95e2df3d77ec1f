import Foundation
import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct LedgerAlertsTests {
    private struct Message: Decodable {
        let id: String
        let type: String
        let timestamp: String
        let data: [String: String?]
    }

    private static let day: Int64 = 86_400_000

    private func fixture(
        events: [String] = AlertEvent.Kind.allCases.map(\.rawValue), at instant: Timestamp? = nil
    ) throws -> LedgerFixture {
        let fixture = try instant.map { try LedgerFixture(at: $0) } ?? LedgerFixture()
        try fixture.file.write { db in
            _ = try WebhookStore.insert(
                Webhook(
                    id: ID("whk_1"), url: "http://127.0.0.1/", events: events, createdAt: fixture.clock.now()), db)
        }
        return fixture
    }

    private func budget(
        _ fixture: LedgerFixture,
        _ limit: Int,
        at alertsAt: [String],
        _ window: BudgetWindow.Kind = .total,
        mode: BudgetMode = .soft
    ) async throws -> ID<Budget> {
        let id = try await fixture.budget(limit, window, mode: mode)
        try await fixture.change(id) { $0.alertsAt = alertsAt }
        return id
    }

    /// `event threshold posted` of all messages, in the order they were raised.
    private func messages(_ fixture: LedgerFixture) throws -> [String] {
        try fixture.file.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT event || ' ' || ifnull(body ->> '$.data.threshold', ifnull(body ->> '$.data.projected', ''))
                        || ' ' || ifnull(body ->> '$.data.posted', body ->> '$.data.excess')
                    FROM webhook_deliveries ORDER BY rowid
                    """)
        }
    }

    @Test func theSpendOfAllTenantsAlertsOnceAMonthAndAmount() async throws {
        let fixture = try fixture(events: ["spend.threshold"])
        func put(_ amount: Int) throws {
            let alert = OrganizationAlert(
                id: ID("alo_1"), amount: Money(pico: Int128(amount)), recipients: ["a@example.org"],
                subjectPrefix: nil, createdAt: fixture.clock.now())
            try fixture.file.write { db in try OrganizationAlertStore.put(alert, db) }
        }
        func told() throws -> [String] {
            try fixture.file.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT (body ->> '$.data.amount') || ' ' || (body ->> '$.data.posted') || ' '
                            || (body ->> '$.data.recipients') FROM webhook_deliveries ORDER BY rowid
                        """)
            }
        }
        try put(100)
        for cost in [99, 1, 50] {
            try await fixture.spend(cost)
            try await fixture.ledger.raiseAlerts(sweeping: true)
            // What is folded and what is not yet make one sum.
            await UsageFolding(file: fixture.file, journal: fixture.journal, logger: LedgerFixture.quiet).fold()
        }
        let first = "0.0000000001 0.0000000001 a@example.org"
        #expect(try told() == [first])
        try put(120)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try told() == [first, "0.00000000012 0.00000000015 a@example.org"])
        fixture.clock.advance(milliseconds: 32 * Self.day)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try told().count == 2)
        try await fixture.spend(130)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try told().last == "0.00000000012 0.00000000013 a@example.org")
        #expect(try told().count == 3)
    }

    @Test func whatAllTenantsSpentInTheLastSecondsOfAMonthIsTold() async throws {
        let fixture = try fixture(events: ["spend.threshold"], at: LedgerFixture.instant("2026-10-31T23:59:59Z"))
        func put(_ id: String) throws {
            let alert = OrganizationAlert(
                id: ID(id), amount: Money(pico: 100), recipients: [], subjectPrefix: nil,
                createdAt: fixture.clock.now())
            try fixture.file.write { db in try OrganizationAlertStore.put(alert, db) }
        }
        try put("alo_1")
        try await fixture.ledger.raiseAlerts(sweeping: true)
        let last = try fixture.held(fixture.claim(100))
        #expect(await fixture.record(last) == nil)
        fixture.clock.advance(milliseconds: 60_000)
        // One of the month that has begun says nothing of the one that is over.
        try put("alo_2")
        #expect(await fixture.settle(last, cost: 100) == nil)
        for _ in 1...2 { try await fixture.ledger.raiseAlerts(sweeping: true) }
        let raised = "SELECT group_concat(alert_id || ' ' || window_start) FROM organization_alerts_raised"
        let october = try LedgerFixture.month("2026-10").start.microseconds
        #expect(try fixture.file.read { try String.fetchOne($0, sql: raised) } == "alo_1 \(october)")
        #expect(try messages(fixture).count == 1)
    }

    @Test func eachThresholdIsRaisedOncePerWindow() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        _ = try await budget(fixture, 100, at: ["0.5", "0.8"], .day)
        for cost in [49, 1, 10, 30, 200] {
            try await fixture.spend(cost)
            try await fixture.ledger.raiseAlerts()
            try await fixture.ledger.raiseAlerts()
        }
        let picos = ["0.5 0.00000000005", "0.8 0.00000000009"]
        #expect(try messages(fixture) == picos.map { "budget.threshold \($0)" })
        fixture.clock.advance(milliseconds: Self.day)
        try await fixture.spend(50)
        try await fixture.ledger.raiseAlerts()
        #expect(try messages(fixture).count == 3)
    }

    @Test func marksAreForgottenLongAfterTheirWindowAndTotalsNever() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        let daily = try await budget(fixture, 100, at: ["0.5"], .day)
        let total = try await budget(fixture, 100, at: ["0.5"], .total)
        let marks = "SELECT COUNT(*) FROM budget_alerts WHERE budget_id = '"
        try await fixture.spend(60)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        let raised = try fixture.count(marks + daily.text + "'")
        #expect(raised > 0)
        for (days, left) in [(0, raised), (40, raised), (2, 0)] {
            fixture.clock.advance(milliseconds: Int64(days) * Self.day)
            try await fixture.ledger.pruneAlertMarks(keptMS: 10 * Self.day)
            #expect(try fixture.count(marks + daily.text + "'") == left)
            #expect(try fixture.count(marks + total.text + "'") > 0)
        }
        // The present window is marked anew, and the total's alert is not raised again.
        let told = try messages(fixture).count
        try await fixture.spend(60)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture).count == told + 1)
    }

    @Test(arguments: [(BudgetMode.hard, 1), (.soft, 1), (.shadow, 0)])
    func hardAndSoftBudgetsAlertAndShadowOnesNever(mode: BudgetMode, count: Int) async throws {
        let fixture = try fixture()
        _ = try await budget(fixture, 100, at: ["0.5"], .month, mode: mode)
        try await fixture.spend(99)
        try await fixture.ledger.raiseAlerts(sweeping: false)
        #expect(try messages(fixture).filter { $0.hasPrefix("budget.threshold") }.count == count)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try fixture.count("SELECT COUNT(*) FROM budget_alerts") == 2 * count)
    }

    @Test func aRestartRaisesNothingTwiceAndMissesNothing() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        _ = try await budget(fixture, 100, at: ["0.5", "1"], .day)
        try await fixture.spend(60)
        try await fixture.ledger.raiseAlerts()
        // The process dies before anybody looks at the next threshold.
        try await fixture.spend(50)
        try fixture.restart()
        try await fixture.ledger.raiseAlerts(sweeping: true)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(
            try messages(fixture) == [
                "budget.threshold 0.5 0.00000000006", "budget.threshold 1 0.00000000011",
            ])
        try fixture.restart()
        try await fixture.spend(50)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture).count == 2)
    }

    @Test func aWindowThatEndedWhileNobodyLookedStillAlerts() async throws {
        let fixture = try fixture()
        let midnight = BudgetWindow(.day, containing: fixture.clock.now(), in: .utc).end
        fixture.clock.set(midnight.adding(milliseconds: -1000))
        _ = try await budget(fixture, 100, at: ["0.5"], .day)
        try await fixture.spend(60)
        fixture.clock.advance(milliseconds: 2000)
        try await fixture.spend(1)
        try fixture.restart()
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture) == ["budget.threshold 0.5 0.00000000006"])
    }

    @Test func aWindowThatEndedAndThatNoCallRolledStillAlerts() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        let midnight = BudgetWindow(.day, containing: fixture.clock.now(), in: .utc).end
        fixture.clock.set(midnight.adding(milliseconds: -1000))
        _ = try await budget(fixture, 100, at: ["0.5"], .day)
        try await fixture.spend(60)
        try fixture.restart()
        fixture.clock.advance(milliseconds: 2000)
        for _ in 1...2 { try await fixture.ledger.raiseAlerts(sweeping: true) }
        #expect(try messages(fixture) == ["budget.threshold 0.5 0.00000000006"])
    }

    @Test func aLimitThatIsLoweredLaterTellsNothingOfAWindowThatIsLongOver() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        let id = try await budget(fixture, 100, at: ["0.8"], .day)
        try await fixture.spend(60)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        fixture.clock.advance(milliseconds: 2 * Self.day)
        try await fixture.change(id) { $0.limit = Money(pico: 50) }
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture) == [])
    }

    @Test func aHoldOfALongPastWindowAlertsNobodyWhenItIsResolved() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        _ = try await budget(fixture, 100, at: ["0.5"], .day)
        try await fixture.spend(30)
        let left = try fixture.held(fixture.claim(60))
        #expect(await fixture.record(left) == nil)
        for _ in 0..<2 {
            fixture.clock.advance(milliseconds: Self.day)
            try await fixture.spend(1)
        }
        try fixture.restart()
        try await fixture.ledger.resolve(left.hold.id, .charge(Money(pico: 60)))
        // What was spent in that window is not in memory: the charge alone would be called all of it.
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture) == [])
        #expect(try fixture.count("SELECT COUNT(*) FROM budget_alerts") == 0)
        #expect(try fixture.differences() == [])
    }

    @Test func aHoldOfTheWindowBeforeAlertsWithWhatWasSpentThere() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        _ = try await budget(fixture, 100, at: ["0.8"], .day)
        try await fixture.spend(30)
        let left = try fixture.held(fixture.claim(60))
        #expect(await fixture.record(left) == nil)
        fixture.clock.advance(milliseconds: Self.day)
        try await fixture.spend(1)
        try fixture.restart()
        try await fixture.ledger.resolve(left.hold.id, .charge(Money(pico: 60)))
        try await fixture.ledger.raiseAlerts()
        #expect(try messages(fixture) == ["budget.threshold 0.8 0.00000000009"])
    }

    @Test func aLoweredLimitAlertsWithoutACall() async throws {
        let fixture = try fixture()
        let id = try await budget(fixture, 100, at: ["0.9"])
        try await fixture.spend(50)
        try await fixture.ledger.raiseAlerts()
        #expect(try messages(fixture) == [])
        try await fixture.change(id) { $0.limit = Money(pico: 55) }
        try await fixture.ledger.raiseAlerts()
        #expect(try messages(fixture) == ["budget.threshold 0.9 0.00000000005"])
    }

    @Test func aForecastIsRaisedOncePerWindowByTheSweep() async throws {
        let fixture = try fixture()
        _ = try await budget(fixture, 100, at: [], .month)
        // 23 November, noon: three quarters of the month are over.
        try await fixture.spend(76)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture) == ["budget.forecast 0.000000000101 0.000000000076"])
        try fixture.restart()
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture).count == 1)
    }

    @Test func aTenantThatMovesIsNotToldAgain() async throws {
        let fixture = try fixture()
        _ = try await budget(fixture, 100, at: ["0.5", "0.9"], .month)
        try await fixture.spend(80)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        let told = try messages(fixture)
        #expect(told.count == 2)
        try await fixture.move(to: "Europe/Rome")
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture) == told)
        try await fixture.spend(10)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture).last == "budget.threshold 0.9 0.00000000009")
        // The month begins, and where it moves to it has not.
        fixture.clock.set(BudgetWindow(.month, containing: fixture.clock.now(), in: .utc).end)
        try await fixture.spend(1)
        try await fixture.move(to: "America/New_York")
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture).count == 3)
    }

    @Test func manyAtOnceRaiseOne() async throws {
        let fixture = try fixture()
        _ = try await budget(fixture, 10_000, at: ["0.5"])
        var settlements: [Settlement] = []
        for _ in 0..<200 {
            let hold = try fixture.held(fixture.claim(26))
            #expect(await fixture.record(hold) == nil)
            settlements.append(fixture.settlement(hold, cost: 26))
        }
        let ledger = fixture.ledger
        await withTaskGroup(of: Void.self) { group in
            for settlement in settlements {
                group.addTask {
                    await withCheckedContinuation { done in ledger.settle(settlement) { _ in done.resume() } }
                    try? await ledger.raiseAlerts()
                }
                group.addTask { try? await ledger.raiseAlerts(sweeping: true) }
            }
        }
        try await fixture.ledger.raiseAlerts()
        #expect(try messages(fixture).count == 1)
    }

    @Test func whatCannotBeStoredIsRaisedLater() async throws {
        let fixture = try fixture()
        _ = try await budget(fixture, 100, at: ["0.5"])
        try await fixture.spend(60)
        try await fixture.journal.write { try $0.execute(sql: "ALTER TABLE budget_alerts RENAME TO away") }
        await #expect(throws: (any Error).self) { try await fixture.ledger.raiseAlerts() }
        try await fixture.journal.write { try $0.execute(sql: "ALTER TABLE away RENAME TO budget_alerts") }
        try await fixture.spend(1)
        try await fixture.ledger.raiseAlerts()
        #expect(try messages(fixture) == ["budget.threshold 0.5 0.000000000061"])
    }

    @Test func whatCannotBeStoredIsRaisedByTheNextLookThoughNobodySpends() async throws {
        let fixture = try fixture(events: ["budget.threshold"])
        _ = try await budget(fixture, 100, at: ["0.5", "0.6"], .day)
        try await fixture.spend(60)
        fixture.clock.advance(milliseconds: Self.day)
        try await fixture.spend(50)
        try await fixture.journal.write { try $0.execute(sql: "ALTER TABLE budget_alerts RENAME TO away") }
        for _ in 0..<2 {
            await #expect(throws: (any Error).self) { try await fixture.ledger.raiseAlerts() }
        }
        try await fixture.journal.write { try $0.execute(sql: "ALTER TABLE away RENAME TO budget_alerts") }
        try await fixture.ledger.raiseAlerts()
        #expect(
            try messages(fixture).sorted() == [
                "budget.threshold 0.5 0.00000000005", "budget.threshold 0.5 0.00000000006",
                "budget.threshold 0.6 0.00000000006",
            ])
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try messages(fixture).count == 3)
    }

    @Test func anExcessIsRaisedInItsOwnTransaction() async throws {
        let fixture = try fixture()
        let hold = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(hold) == nil)
        #expect(await fixture.settle(hold, cost: 35) == nil)
        #expect(await fixture.settle(hold, cost: 35) == nil)
        #expect(try messages(fixture) == ["ledger.excess  0.000000000025"])
        let body = try #require(
            try fixture.file.read { try String.fetchOne($0, sql: "SELECT body FROM webhook_deliveries") })
        let message = try JSONDecoder().decode(Message.self, from: Data(body.utf8))
        #expect([message.type, message.timestamp] == ["ledger.excess", fixture.clock.now().rfc3339])
        #expect(message.id.hasPrefix("msg_"))
        #expect(message.data["held"] == "0.00000000001")
        #expect(message.data["request_id"] == hold.claim.requestID.text)
    }

    @Test func anExcessOfAResolvedHoldIsRaisedToo() async throws {
        let fixture = try fixture()
        let hold = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(hold) == nil)
        try fixture.restart()
        try await fixture.ledger.resolve(hold.hold.id, .charge(Money(pico: 12)))
        #expect(try messages(fixture) == ["ledger.excess  0.000000000002"])
    }

    @Test func onlyWebhooksThatWantAnEventGetItAndNobodyMoreThanAThousand() async throws {
        let fixture = try fixture(events: ["backend.up"])
        let event = AlertEvent.backend(
            isUp: false, id: "be_1", name: "a", pool: "p", reason: "probe", at: fixture.clock.now())
        try await fixture.journal.write { try AlertStore.raise(event, $0) }
        #expect(try fixture.count("SELECT COUNT(*) FROM webhook_deliveries") == 0)
        let now = fixture.clock.now()
        try await fixture.journal.write { db in
            for _ in 0..<1002 {
                try AlertStore.raise(
                    .backend(isUp: true, id: "be_1", name: "a", pool: "p", reason: "probe", at: now), db)
            }
        }
        #expect(try fixture.count("SELECT COUNT(*) FROM webhook_deliveries") == AlertStore.waitingAtMost)
        #expect(try fixture.count("SELECT dropped FROM webhooks") == 2)
    }
}
