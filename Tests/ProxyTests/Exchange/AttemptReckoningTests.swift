import Billing
import Testing

@testable import Proxy

/// What an attempt is charged by: one row per way it can end.
struct AttemptReckoningTests {
    private static let reported = TokenUsage(input: 10, output: 5)
    private static let estimated = TokenUsage(input: 9, output: 2)

    private func reckon(
        _ end: AttemptReckoning.End, reported: TokenUsage? = nil, onUnanswered: OnUnanswered = .release
    ) -> AttemptReckoning {
        AttemptReckoning.reckon(end, reported: reported, onUnanswered: onUnanswered) { Self.estimated }
    }

    @Test
    func `a complete answer is charged by its usage`() {
        let reckoning = reckon(.complete(status: 200), reported: Self.reported)
        #expect(reckoning.outcome == .answered)
        #expect(reckoning.provenance == .reported)
        #expect(reckoning.usage == Self.reported)
    }

    @Test
    func `an answer without usage is estimated`() {
        let reckoning = reckon(.complete(status: 200))
        #expect(reckoning.provenance == .estimated)
        #expect(reckoning.usage == Self.estimated)
    }

    @Test
    func `reported zeros are not an absent report`() {
        let reckoning = reckon(.complete(status: 200), reported: .zero)
        #expect(reckoning.provenance == .reported)
        #expect(reckoning.usage == .zero)
    }

    @Test
    func `an error status costs nothing unless it reports usage`() {
        #expect(reckon(.complete(status: 400)).usage == .zero)
        #expect(reckon(.complete(status: 400)).outcome == .errorStatus)
        #expect(reckon(.complete(status: 400), reported: Self.reported).usage == Self.reported)
    }

    @Test
    func `what was not sent costs nothing`() {
        let reckoning = reckon(.failed(.notSent, status: 0), onUnanswered: .charge)
        #expect(reckoning.outcome == .notSent)
        #expect(!reckoning.chargesHold)
    }

    @Test(arguments: [OnUnanswered.release, .charge])
    func `an unanswered call is charged as the backend says`(_ policy: OnUnanswered) {
        let reckoning = reckon(.failed(.unanswered, status: 0), onUnanswered: policy)
        #expect(reckoning.outcome == .unanswered)
        #expect(reckoning.provenance == .none)
        #expect(reckoning.chargesHold == (policy == .charge))
    }

    @Test
    func `a broken answer is charged by what it reported, else by estimate`() {
        #expect(reckon(.failed(.broken, status: 200), reported: Self.reported).provenance == .partial)
        #expect(reckon(.failed(.broken, status: 200)).provenance == .estimated)
    }

    @Test
    func `what completes a report makes it an estimate, but nothing is put in the place of an error`() {
        let whole = TokenUsage(input: 3, search: 1)
        var answered = reckon(.complete(status: 200), reported: Self.reported)
        answered.complete { _ in nil }
        #expect(answered.provenance == .reported)
        answered.complete { $0 == Self.reported ? whole : nil }
        #expect(answered.provenance == .estimated)
        #expect(answered.usage == whole)
        var failed = reckon(.complete(status: 500), reported: Self.reported)
        failed.complete { _ in whole }
        #expect(failed.usage == Self.reported)
    }

    @Test
    func `an abandoned call is charged by what was seen`() {
        let reckoning = reckon(.abandoned(status: 200))
        #expect(reckoning.outcome == .clientGone)
        #expect(reckoning.usage == Self.estimated)
    }

    @Test
    func `an exact count stands for a report, but an error costs nothing of it`() {
        let counted = TokenUsage(image: 2)
        func reckon(_ end: AttemptReckoning.End) -> AttemptReckoning {
            AttemptReckoning.reckon(end, reported: nil, counted: counted, onUnanswered: .release) { Self.estimated }
        }
        #expect(reckon(.complete(status: 200)).provenance == .reported)
        #expect(reckon(.complete(status: 200)).usage == counted)
        #expect(reckon(.abandoned(status: 200)).provenance == .partial)
        #expect(reckon(.complete(status: 500)).usage == .zero)
        #expect(reckon(.complete(status: 400)).provenance == .none)
        #expect(reckon(.failed(.notSent, status: 0)).usage == .zero)
    }
}
