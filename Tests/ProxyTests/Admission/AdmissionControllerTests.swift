import Billing
import Support
import Tenancy
import Testing

@testable import Proxy

/// Who may call what at which price, and which refusal comes first.
struct AdmissionControllerTests {
    private let fixture: AdmissionFixture

    init() throws {
        fixture = try AdmissionFixture()
    }

    @Test
    func `a suspended tenant is refused before its model is looked at`() throws {
        fixture.tenant.suspended = true
        #expect(try fixture.refusal("nothing") == "tenant_suspended")
        #expect(try fixture.refusal("m") == "tenant_suspended")
    }

    @Test
    func `an unknown model and one not entitled look the same`() throws {
        #expect(try fixture.refusal("m") == nil)
        let answers = try ["nothing", "other"].map { model in
            guard case .failure(let denial) = try fixture.open(model) else { return "admitted" }
            let response = ErrorResponse(denial, shape: .openAI)
            return "\(response.status) \(response.code) \(response.message)".replacing(model, with: "MODEL")
        }
        #expect(answers[0].hasPrefix("404 model_not_found"))
        #expect(answers[0] == answers[1])
    }

    @Test
    func `a price agreed with the tenant is held and pinned as it stands, without its multiplier`() throws {
        fixture.tenant.priceMultiplierPPM = 500_000
        fixture.publish("prc_list", Rates(input: 1000, output: 1000))
        let listed = try fixture.open().get()
        fixture.publish("prc_other", Rates(input: 1, output: 1), tenant: "ten_2")
        #expect(try fixture.open().get().sheet?.standard.id == "prc_list")
        fixture.publish("prc_own", Rates(input: 1000, output: 1000), tenant: "ten_1")
        let agreed = try fixture.open().get()
        #expect(listed.sheet?.standard.id == "prc_list" && agreed.sheet?.standard.id == "prc_own")
        #expect(listed.multiplierPPM == 500_000 && agreed.multiplierPPM == 1_000_000)
        let claims = [listed, agreed].map { $0.claim($0.targets[0], attempt: 1) }
        #expect(claims[1].wanted.pico == claims[0].wanted.pico * 2)
    }

    @Test
    func `an agreement alone prices a model for its tenant only`() async throws {
        try await fixture.cap()
        fixture.publish("prc_other", Rates(input: 1, output: 1), tenant: "ten_2")
        #expect(try fixture.refusal() == "model_not_priced")
        fixture.publish("prc_own", Rates(input: 1, output: 1), tenant: "ten_1")
        #expect(try fixture.refusal() == nil)
    }

    @Test
    func `an entitlement that names models covers only those`() throws {
        fixture.entitlements = [Entitlement(pool: "p", models: ["wide"])]
        #expect(try fixture.refusal("m") == "model_not_found")
        #expect(try fixture.refusal("wide") == nil)
    }

    @Test
    func `a key bound to models takes no other`() throws {
        fixture.key.models = ["wide"]
        #expect(try fixture.refusal("m") == "model_not_found")
        #expect(try fixture.refusal("wide") == nil)
    }

    @Test
    func `only entitled targets are left, in the model's order`() throws {
        fixture.entitlements = [Entitlement(pool: "r"), Entitlement(pool: "p")]
        #expect(try fixture.open("wide").get().targets.map(\.pool) == ["p", "r"])
    }

    @Test
    func `a model is served on a route only where a backend speaks its API`() throws {
        fixture.tenantQuota = Quota(rpm: 10)
        fixture.entitlements = [Entitlement(pool: "q"), Entitlement(pool: "p")]
        // Without any backend it is the pools that are exhausted, later.
        #expect(try fixture.refusal("wide", kind: .messages) == nil)
        fixture.install([RouterFixture.backend("a", pool: "p"), RouterFixture.backend("b", pool: "q")])
        #expect(fixture.remaining(.tenant, .rpm) == 9)
        guard case .failure(let denial) = try fixture.open("wide", kind: .countTokens) else {
            Issue.record("nobody speaks that API")
            return
        }
        let response = ErrorResponse(denial, shape: .anthropic)
        #expect(response.status == 400 && response.type == "invalid_request_error")
        #expect(response.code == "route_not_supported" && response.param == "model")
        #expect(response.message.contains("`wide`") && response.message.contains("/v1/messages/count_tokens"))
        #expect(fixture.remaining(.tenant, .rpm) == 9, "it took a quota")
        // One pool of several is enough, but not one that the tenant may not use.
        fixture.install([
            RouterFixture.backend("a", pool: "p"), RouterFixture.backend("b", pool: "q", kind: .anthropic),
        ])
        #expect(try fixture.refusal("wide", kind: .countTokens) == nil)
        #expect(try fixture.refusal("wide") == nil)
        fixture.entitlements = [Entitlement(pool: "p")]
        #expect(try fixture.refusal("wide", kind: .messages) == "route_not_supported")
        #expect(try fixture.refusal("wide") == nil)
    }

    @Test
    func `a capped tenant is refused a model without a price`() async throws {
        let free = try fixture.open().get()
        #expect(free.sheet == nil)
        #expect(free.claim(free.targets[0], attempt: 1).wanted == .zero)
        try await fixture.cap()
        #expect(try fixture.refusal() == "model_not_priced")
        #expect(try fixture.refusal("other") == "model_not_found")
        try fixture.publish("prc_1", input: "1", output: "2")
        #expect(try fixture.refusal() == nil)
    }

    @Test
    func `a refusal for the model or its price takes no quota`() async throws {
        fixture.tenantQuota = Quota(rpm: 10)
        try await fixture.cap()
        #expect(try fixture.refusal("nothing") == "model_not_found")
        #expect(try fixture.refusal("m") == "model_not_priced")
        #expect(fixture.remaining(.tenant, .rpm) == 10)
    }

    @Test
    func `a refusal by one quota takes nothing from the others`() throws {
        fixture.tenantQuota = Quota(rpm: 10, concurrency: 5)
        fixture.keyQuota = Quota(rpm: 1)
        #expect(try fixture.refusal() == nil)
        #expect(fixture.remaining(.tenant, .rpm) == 9)
        #expect(try fixture.refusal() == "rate_limit_exceeded")
        #expect(fixture.remaining(.tenant, .rpm) == 9)
        #expect(fixture.remaining(.tenant, .concurrency) == 4)
        #expect(fixture.remaining(.key, .rpm) == 0)
    }

    @Test
    func `the price of the moment of admission stays`() throws {
        try fixture.publish("prc_1", input: "1", output: "2")
        let admission = try fixture.open().get()
        let sheet = try #require(admission.sheet)
        fixture.clock.advance(milliseconds: 1000)
        try fixture.publish("prc_2", input: "100", output: "200")
        let claim = admission.claim(admission.targets[0], attempt: 2)
        #expect(claim.price?.id == "prc_1")
        #expect(claim.wanted == admission.estimate.cost(sheet, ppm: 1_000_000))
        #expect(try fixture.open().get().sheet?.standard.id == "prc_2")
    }

    @Test
    func `a tenant's multiplier changes what it pays and not the list price`() throws {
        try fixture.publish("prc_1", input: "1", output: "2")
        let before = try fixture.open().get()
        let plain = before.claim(before.targets[0], attempt: 1)
        fixture.tenant.priceMultiplierPPM = 1_500_000
        let admission = try fixture.open().get()
        let claim = admission.claim(admission.targets[0], attempt: 1)
        #expect(claim.wanted.pico * 2 == plain.wanted.pico * 3)
        #expect(claim.price?.rates == (try Rates(perMillion: ["input": "1", "output": "2"])))
    }

    @Test
    func `a request that waited is judged again`() throws {
        let admission = try fixture.open().get()
        #expect(verdict(on: admission) == "[]")
        fixture.entitlements = [Entitlement(pool: "q")]
        #expect(verdict(on: admission) == "model_not_found")
        fixture.tenant.suspended = true
        #expect(verdict(on: admission) == "tenant_suspended")
        fixture.key.revokedAt = fixture.clock.now()
        #expect(verdict(on: admission) == "invalid_api_key")
    }

    @Test
    func `a request that waited keeps the targets its tenant did not lose`() throws {
        fixture.entitlements = ["q", "p", "r"].map { Entitlement(pool: $0) }
        let admission = try fixture.open("wide").get()
        let pools = admission.targets.map(\.pool)
        #expect(pools.count == 3)
        fixture.entitlements = [Entitlement(pool: pools[1])]
        #expect(verdict(on: admission) == "[0, 2]")
        fixture.entitlements = pools.map { Entitlement(pool: $0) }
        #expect(verdict(on: admission) == "[]")
        fixture.entitlements = []
        #expect(verdict(on: admission) == "model_not_found")
    }

    /// The targets that were lost, or the refusal's code.
    private func verdict(on admission: Admission) -> String {
        _ = fixture.principal
        switch fixture.controller.judgeAgain(admission, at: fixture.clock.now()) {
        case .success(let lost): return "\(lost.sorted())"
        case .failure(let denial): return ErrorResponse(denial, shape: .openAI).code
        }
    }
}
