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
            #expect(answers.model("m", shape: .openAI) != nil)
            #expect(answers.model("other", shape: .openAI) == nil)
            #expect(answers.model("nothing", shape: .anthropic) == nil)
        }
        fixture.key.models = ["wide"]
        try answers { answers in
            #expect(!String(buffer: answers.models()).contains(#""id":"m""#))
            #expect(answers.model("m", shape: .anthropic) == nil)
        }
    }

    @Test
    func `Anthropic's clients get lists and models in their shape`() throws {
        fixture.entitlements = [Entitlement(pool: "p"), Entitlement(pool: "q")]
        let time = fixture.clock.now().rfc3339
        func entry(_ name: String) -> String {
            #"{"type":"model","id":"\#(name)","display_name":"\#(name)","created_at":"\#(time)"}"#
        }
        try answers { answers in
            let page = try AnthropicModelPage(target: "/v1/models?limit=2")
            #expect(
                String(buffer: answers.models(page))
                    == #"{"data":[\#(entry("m")),\#(entry("other"))],"has_more":true,"first_id":"m","last_id":"other"}"#
            )
            #expect(answers.model("m", shape: .anthropic).map { String(buffer: $0) } == entry("m"))
            let nothing = try AnthropicModelPage(target: "/v1/models?after_id=zz")
            #expect(
                String(buffer: answers.models(nothing))
                    == #"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#)
        }
    }

    @Test
    func `usage is the calling key's, or the whole tenant's where the scope says so`() throws {
        let now = fixture.clock.now()
        let own = try TenantUsage(target: "/v1/usage?group_by=model,key", principal: fixture.principal, at: now)
        #expect(own.question.tenantIDs == [fixture.tenant.id] && own.question.keyIDs == [fixture.key.id])
        #expect(own.question.groups == [.model, .key])
        fixture.key.scope = "tenant_usage"
        let wide = try TenantUsage(target: "/v1/usage", principal: fixture.principal, at: now)
        #expect(wide.question.tenantIDs == [fixture.tenant.id] && wide.question.keyIDs == nil)
        fixture.tenant.timeZone = "Asia/Kathmandu"
        let zoned = try TenantUsage(target: "/v1/usage?start=2026-11-01", principal: fixture.principal, at: now)
        #expect(zoned.question.span.start.rfc3339 == "2026-10-31T18:15:00Z")
        for query in ["group_by=pool", "tenant_id=ten_2", "bucket=week", "limit=0"] {
            let name = String(query.prefix { $0 != "=" })
            #expect {
                try TenantUsage(target: "/v1/usage?" + query, principal: fixture.principal, at: now)
            } throws: { error in
                if case .badRequest(_, let param, _)? = error as? Denial { param == name } else { false }
            }
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
