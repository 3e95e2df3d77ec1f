import Billing
import Logging
import NIOCore
import Support
import Tenancy
import Testing

@testable import Proxy

/// What a tenant is told about itself.
struct TenantAnswersTests {
    private let fixture: AdmissionFixture

    init() throws {
        fixture = try AdmissionFixture()
    }

    /// Runs `body` with the answers to the fixture's principal, and stops what was started for them.
    private func answers(_ body: (TenantAnswers) throws -> Void) throws {
        let cost = KeyHasher.Cost(memoryKiB: 64, iterations: 1, parallelism: 1)
        let hasher = KeyHasher(cost: cost, workers: 1, time: fixture.clock)
        defer { hasher.shutdown() }
        let plane = DataPlane(
            directory: fixture.directory,
            keyRing: KeyRing(directory: fixture.directory, hasher: hasher, cost: cost, time: fixture.clock) { _, _ in },
            quotas: fixture.quotas, ledger: fixture.ledger, prices: fixture.prices, router: fixture.router,
            metrics: ProxyMetrics(), limits: GatewayLimits(), trustedProxies: [],
            upstream: UpstreamPolicy(), time: fixture.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try body(TenantAnswers(plane: plane, principal: fixture.principal))
    }

    @Test
    func `only models the key may use are listed and shown`() throws {
        try answers { answers in
            let list = String(buffer: answers.models())
            #expect(list.contains(#""id":"m""#) && list.contains(#""id":"wide""#))
            #expect(!list.contains(#""id":"other""#))
            #expect(answers.model("m") != nil)
            #expect(answers.model("other") == nil)
            #expect(answers.model("nothing") == nil)
        }
        fixture.key.models = ["wide"]
        try answers { answers in
            #expect(!String(buffer: answers.models()).contains(#""id":"m""#))
            #expect(answers.model("m") == nil)
        }
    }

    @Test
    func `the balance shows budgets with their figures and quotas with what remains`() async throws {
        try await fixture.cap()
        fixture.tenantQuota = Quota(rpm: 10)
        #expect(try fixture.refusal("wide") == "model_not_priced")
        try answers { answers in
            let balance = String(buffer: answers.balance())
            let budget =
                #"{"id":"bud_1","scope":{},"window":"total","mode":"hard","limit":"1","posted":"0","held":"0","#
                + #""remaining":"1","window_start":null,"resets_at":null}"#
            #expect(balance.hasPrefix(#"{"object":"balance","tenant":"ten_1","key":"key_1","budgets":["#), "\(balance)")
            #expect(balance.contains(budget), "\(balance)")
            #expect(
                balance.contains(#"{"subject":"tenant","limit_type":"rpm","limit":10,"remaining":10,"#), "\(balance)")
        }
    }
}
