import Billing
import Support
import Tenancy
import Testing

@testable import Proxy

/// What a call of each kind can be charged by, and what service tiers are admitted.
struct RoutePriceTests {
    private let fixture: AdmissionFixture
    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#

    init() throws {
        fixture = try AdmissionFixture()
    }

    @Test(
        arguments: [
            (.chatCompletions, hello, [.request]), (.completions, #""prompt":"p""#, [.request]),
            (.responses, #""input":"hi""#, [.request]), (.embeddings, #""input":"hi""#, [.request]),
            (.moderations, #""input":"hi""#, [.request]),
            (.rerank, #""query":"q","documents":["a"]"#, [.search, .request]),
            (.images, #""prompt":"p""#, [.image, .request]), (.speech, #""input":"hi""#, [.character, .request]),
        ] as [(AskKind, String, [Meter])])
    func `a price for nothing that the route counts is no price`(
        _ kind: AskKind, _ members: String, _ meters: [Meter]
    ) async throws {
        try await fixture.cap()
        #expect(try fixture.refusal("m", kind, members) == "model_not_priced model")
        for meter in Meter.allUnits where meter != .second {
            fixture.clock.advance(milliseconds: 1000)
            fixture.publish("prc_\(meter.rawValue)", Rates(units: [meter: 3]))
            let refusal = try fixture.refusal("m", kind, members)
            #expect(refusal == (meters.contains(meter) ? nil : "model_not_priced model"), "\(meter)")
        }
        fixture.clock.advance(milliseconds: 1000)
        try fixture.publish("prc_tokens", input: "0", output: "0")
        #expect(try fixture.refusal("m", kind, members) == nil)
    }

    @Test
    func `without a cap such a call is admitted as one without a price`() throws {
        fixture.publish("prc_1", Rates(units: [.image: 3]))
        #expect(try fixture.open().get().sheet == nil)
        #expect(try fixture.open("m", .images, #""prompt":"p""#).get().sheet != nil)
    }

    @Test
    func `counting tokens needs no price and holds nothing`() async throws {
        try await fixture.cap()
        let admission = try fixture.open("m", .countTokens, Self.hello).get()
        #expect(admission.claim(admission.targets[0], attempt: 1).wanted == .zero)
        try fixture.publish("prc_1", input: "1", output: "2")
        let priced = try fixture.open("m", .countTokens, Self.hello).get()
        #expect(priced.claim(priced.targets[0], attempt: 1).wanted == .zero)
    }

    @Test
    func `a service tier needs a price of its own`() throws {
        let flex = #""service_tier":"flex","# + Self.hello
        #expect(try fixture.refusal("m", .chatCompletions, flex) == "unsupported_parameter service_tier")
        try fixture.publish("prc_1", input: "1", output: "2")
        #expect(try fixture.refusal("m", .chatCompletions, flex) == "unsupported_parameter service_tier")
        try fixture.publish("prc_2", input: "5", output: "9", tier: "flex")
        let admission = try fixture.open("m", .chatCompletions, flex).get()
        #expect(admission.sheet?.tiers == ["flex"])
        #expect(try fixture.refusal("m", .chatCompletions, flex.replacing("flex", with: "priority")) != nil)
        for tier in ["auto", "default", "standard"] {
            #expect(try fixture.refusal("m", .chatCompletions, flex.replacing("flex", with: tier)) == nil)
        }
    }

    @Test
    func `the hold is the dearest tier's, whatever was asked for`() throws {
        try fixture.publish("prc_1", input: "1", output: "2")
        let before = try fixture.open().get()
        try fixture.publish("prc_2", input: "10", output: "20", tier: "priority")
        let after = try fixture.open().get()
        func wanted(_ admission: Admission) -> Money { admission.claim(admission.targets[0], attempt: 1).wanted }
        #expect(wanted(after).pico == wanted(before).pico * 10)
    }

    @Test
    func `a trim leaves the thinking and the floor`() throws {
        try fixture.publish("prc_1", input: "1", output: "2")
        fixture.tenant.onInsufficient = .trim
        let members = #""max_tokens":90,"thinking":{"type":"enabled","budget_tokens":40},"# + Self.hello
        let admission = try fixture.open("m", .messages, members).get()
        let claim = admission.claim(admission.targets[0], attempt: 1)
        #expect((claim.wanted - claim.atLeast).pico == 2_000_000 * Int128(90 - 40 - 16))
        let images = try fixture.open("m", .images, #""prompt":"p""#).get()
        let whole = images.claim(images.targets[0], attempt: 1)
        #expect(whole.atLeast == whole.wanted)
    }
}
