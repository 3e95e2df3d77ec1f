import Billing
import Testing

@testable import Proxy

@Suite("the data plane's counters")
struct ProxyMetricsTests {
    @Test func `what a snapshot shows is what was counted until then`() throws {
        let metrics = ProxyMetrics()
        let usage = TokenUsage(input: 3, output: 2)
        metrics.add(usage, cost: Money(pico: 7), tenant: "t", model: "m")
        let before = metrics.snapshot()
        metrics.add(usage, cost: Money(pico: 7), tenant: "t", model: "m")
        #expect(before.cost == [CostLabels(tenant: "t", model: "m"): Money(pico: 7)])
        #expect(before.tokens[TokenLabels(tenant: "t", model: "m", meter: "input")] == 3)
        #expect(metrics.snapshot().tokens[TokenLabels(tenant: "t", model: "m", meter: "output")] == 4)
    }

    @Test func `beyond the bound tenants share their labels, models keep theirs, and no request is lost`() {
        let metrics = ProxyMetrics()
        let limit = ProxyMetrics.requestLabelLimit
        for number in 0..<(limit + 50) {
            metrics.count(tenant: "t\(number)", pool: "p", model: "m\(number % 2)", outcome: "ok")
        }
        metrics.count(tenant: "t0", pool: "p", model: "m0", outcome: "ok")
        let requests = metrics.snapshot().requests
        #expect(requests.count == limit + 2)
        #expect(requests[labels("other", model: "m0")] == 25 && requests[labels("other", model: "m1")] == 25)
        #expect(requests[labels("t0", model: "m0")] == 2)
        #expect(requests.values.reduce(0, +) == UInt64(limit + 51))
    }

    @Test func `models without end are counted together too`() {
        let metrics = ProxyMetrics()
        let limit = ProxyMetrics.spendLabelLimit
        let usage = TokenUsage(input: 1)
        for number in 0..<(2 * limit) {
            metrics.add(usage, cost: Money(pico: 1), tenant: "t", model: "m\(number)")
        }
        let snapshot = metrics.snapshot()
        #expect(snapshot.cost.count == limit + limit / 10 + 1)
        #expect(snapshot.cost.values.reduce(Money.zero, +) == Money(pico: Int128(2 * limit)))
        #expect(snapshot.tokens.values.reduce(0, +) == UInt64(2 * limit))
    }

    @Test func `a refusal before anybody is known stays without a tenant`() {
        #expect(labels("", model: "").ofAnyTenant.tenant == "")
    }

    private func labels(_ tenant: String, model: String) -> RequestLabels {
        RequestLabels(tenant: tenant, pool: "p", model: model, outcome: "ok")
    }
}
