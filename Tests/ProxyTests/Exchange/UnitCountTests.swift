import Billing
import Tenancy
import Testing

@testable import Proxy

/// Images and characters, counted exactly where the prices charge for them.
struct UnitCountTests {
    private func sheet(_ rates: Rates) -> PriceSheet? {
        let start = Timestamp(microseconds: 0)
        let version = PriceVersion(id: "prc_1", model: "m", effectiveFrom: start, publishedAt: start, rates: rates)
        return PriceBook([version]).sheet(model: "m", tenantID: ID("ten_1"), at: start)
    }

    @Test
    func `images delivered count where they have a price`() throws {
        let units = UnitCount(kind: .images, characters: 0, images: 2)
        let perImage = try sheet(Rates(perMillion: nil, perUnit: ["image": "0.04"]))
        let perToken = try sheet(Rates(perMillion: ["input": "5", "output": "40"]))
        #expect(units.whole(perImage, isWhole: true) == TokenUsage(image: 2))
        #expect(units.whole(perImage, isWhole: false) == nil)
        #expect(units.whole(perToken, isWhole: true) == nil)
        #expect(units.whole(nil, isWhole: true) == TokenUsage(image: 2))
        #expect(units.added(to: TokenUsage(input: 9)) == TokenUsage(input: 9, image: 2))
    }

    @Test
    func `characters asked for count where they have a price, whatever came of them`() throws {
        let units = UnitCount(kind: .speech, characters: 40, images: 0)
        let perCharacter = try sheet(Rates(perMillion: nil, perUnit: ["character": "0.000015"]))
        let perToken = try sheet(Rates(perMillion: ["input": "1", "output": "12"]))
        #expect(units.whole(perCharacter, isWhole: false) == TokenUsage(character: 40))
        #expect(units.whole(perToken, isWhole: true) == nil)
    }

    /// What a report counts in a unit without a price, the price, and what it is completed to; nil where it stands.
    @Test(arguments: [
        (AskKind.rerank, [Meter.input], ["search": "0.002"], TokenUsage(input: 7, search: 3) as TokenUsage?),
        (.rerank, [.search], ["search": "0.002"], nil), (.rerank, [.input, .search], ["search": "0.002"], nil),
        (.transcription, [.input], ["second": "0.0001"], TokenUsage(input: 7, second: 60)),
        (.transcription, [.second], ["second": "0.0001"], nil),
        (.speech, [.input], ["second": "0.0001"], TokenUsage(input: 7, second: 60)),
        (.speech, [.input], ["character": "0.0001"], nil), (.images, [.input], ["image": "0.04"], nil),
        (.chatCompletions, [], ["request": "0.01"], nil), (.rerank, [.input], ["request": "0.01"], nil),
    ])
    func `a report in no unit that is charged is completed by the estimate`(
        _ kind: AskKind, _ reported: [Meter], _ perUnit: [String: String], _ expected: TokenUsage?
    ) throws {
        let estimate = TokenUsage(input: 90, inputAudio: 500, output: 20, second: 60, search: 3)
        let completed = UnitCount(kind: kind, characters: 4, images: 1).completed(
            TokenUsage(input: 7), reports: reported.contains,
            try sheet(Rates(perMillion: nil, perUnit: perUnit)), estimate: { estimate })
        #expect(completed == expected)
    }

    @Test
    func `seconds alone are completed where tokens are charged`() throws {
        let estimate = TokenUsage(inputAudio: 500, output: 20, second: 60)
        let completed = UnitCount(kind: .transcription, characters: 0, images: 0).completed(
            TokenUsage(second: 9), reports: { $0 == .second },
            try sheet(Rates(perMillion: ["input": "6", "output": "10"])), estimate: { estimate })
        #expect(completed == TokenUsage(inputAudio: 500, output: 20, second: 9))
    }

    @Test
    func `counting tokens uses nothing, and no other route is counted here`() {
        for kind in AskKind.allCases {
            let units = UnitCount(kind: kind, characters: 1, images: 1)
            if kind == .countTokens { #expect(units.whole(nil, isWhole: true) == .zero) }
            if kind == .chatCompletions { #expect(units.whole(nil, isWhole: true) == nil) }
            if kind == .chatCompletions { #expect(units.added(to: .zero) == .zero) }
        }
    }
}
