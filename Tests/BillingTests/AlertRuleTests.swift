import Tenancy
import Testing

@testable import Billing

struct AlertRuleTests {
    private static let start = Timestamp(microseconds: 1_793_491_200_000_000)  // 2026-11-01T00:00:00Z
    private static let november = BudgetWindow(.month, containing: start, in: .utc)

    private func budget(
        _ alertsAt: [String],
        mode: BudgetMode = .hard,
        window: BudgetWindow.Kind = .month
    ) -> Budget {
        Budget(
            id: ID("bud_1"), tenantID: ID("ten_1"), limit: Money(pico: 100), window: window, mode: mode,
            alertsAt: alertsAt, createdAt: Self.start)
    }

    private func reached(_ budget: Budget, limit: Int, posted: Int) -> [String] {
        AlertRule.reached(budget, limit: Money(pico: Int128(limit)), posted: Money(pico: Int128(posted))).map(\.name)
    }

    @Test(arguments: [
        (49, []), (50, ["0.5"]), (79, ["0.5"]), (80, ["0.5", "0.8"]), (99, ["0.5", "0.8"]),
        (100, ["0.5", "0.8", "1"]), (149, ["0.5", "0.8", "1"]), (150, ["0.5", "0.8", "1", "1.5"]),
    ])
    func aThresholdIsReachedAtItsFractionOfTheLimitAndNotBefore(posted: Int, expected: [String]) {
        #expect(reached(budget(["0.5", "0.8", "1", "1.5"]), limit: 100, posted: posted) == expected)
    }

    @Test func fractionsThatDoNotDivideAreReachedAboveAndNeverBelow() {
        let budget = budget(["0.333333"])
        #expect(reached(budget, limit: 10, posted: 3) == [])
        #expect(reached(budget, limit: 10, posted: 4) == ["0.333333"])
    }

    @Test func nothingSpentReachesNothingAndAnythingPassesALimitOfZero() {
        #expect(reached(budget(["0.5", "1"]), limit: 0, posted: 0) == [])
        #expect(reached(budget(["0.5", "1"]), limit: 0, posted: 1) == ["0.5", "1"])
    }

    @Test(arguments: BudgetMode.allCases)
    func onlyShadowBudgetsAlertNobody(mode: BudgetMode) {
        let budget = budget(["0.5"], mode: mode)
        #expect(reached(budget, limit: 100, posted: 90) == (mode == .shadow ? [] : ["0.5"]))
        let middle = Self.start.adding(milliseconds: 15 * 86_400_000)
        let forecast = AlertRule.forecast(
            budget, limit: Money(pico: 100), posted: Money(pico: 90), window: Self.november, at: middle)
        #expect((forecast == nil) == (mode == .shadow))
    }

    @Test func anAmountAlertsWhateverTheLimitIs() {
        var budget = budget(["0.5"])
        budget.alertAmounts = [Money(pico: 30), Money(pico: 70)]
        #expect(reached(budget, limit: 100, posted: 29) == [])
        #expect(reached(budget, limit: 100, posted: 30) == ["usd:0.00000000003"])
        #expect(reached(budget, limit: 10, posted: 70) == ["0.5", "usd:0.00000000003", "usd:0.00000000007"])
        let next = { (posted: Int) in
            AlertRule.next(budget, limit: Money(pico: 100), posted: Money(pico: Int128(posted)))
        }
        #expect([next(0), next(30), next(50), next(70)] == [Money(pico: 30), Money(pico: 50), Money(pico: 70), nil])
    }

    @Test func theNextThresholdIsTheLeastAboveWhatWasSpent() {
        let budget = budget(["0.8", "0.5", "1"])
        let next = { (posted: Int) in
            AlertRule.next(budget, limit: Money(pico: 100), posted: Money(pico: Int128(posted)))
        }
        #expect([next(0), next(50), next(85), next(100)] == [Money(pico: 50), Money(pico: 80), Money(pico: 100), nil])
    }

    @Test func theLargestLimitStillHasThresholds() {
        let budget = budget(["10"])
        let most = Money.limitMaximum
        let tenfold = Money(pico: most.pico * 10)
        #expect(AlertRule.reached(budget, limit: most, posted: tenfold - Money(pico: 1)).isEmpty)
        #expect(AlertRule.reached(budget, limit: most, posted: tenfold).count == 1)
    }

    @Test(arguments: [
        // Thirty days: after half of them half of the limit is exactly the pace.
        (15 * 24, 50, nil), (15 * 24, 51, 102), (6 * 24, 21, 105), (6 * 24, 20, nil), (3 * 24, 11, 110),
        // Before a tenth of the window nothing is forecast, at the limit it is a threshold's affair.
        (3 * 24 - 1, 99, nil), (15 * 24, 100, nil), (15 * 24, 0, nil), (30 * 24, 99, nil), (29 * 24, 99, 102),
    ])
    func theForecastIsThePaceSoFarOverTheWholeWindow(hours: Int, posted: Int, projected: Int?) {
        let forecast = AlertRule.forecast(
            budget([]), limit: Money(pico: 100), posted: Money(pico: Int128(posted)), window: Self.november,
            at: Self.start.adding(milliseconds: Int64(hours) * 3_600_000))
        #expect(forecast == projected.map { .forecast(Money(pico: Int128($0))) })
    }

    @Test func aTotalHasNoForecast() {
        let forecast = AlertRule.forecast(
            budget([], window: .total), limit: Money(pico: 100), posted: Money(pico: 99), window: .total,
            at: Self.start)
        #expect(forecast == nil)
    }
}
