import Synchronization

/// Estimates the usage of calls that no backend reported, by what reports on calls of the same kind taught.
///
/// The rule, for each model and kind of call:
/// - input tokens = bytes of the request / learned bytes per token;
/// - output tokens of a whole answer = bytes of its text / learned bytes per token;
/// - output tokens of a stream = the better of two guesses, by bytes of text or by events that brought text: the one
///   that was nearer to the reports of late. Before any report on streams, bytes of text by what whole answers taught;
///   before any report at all, four bytes a token, but a token an event at least;
/// - seconds of audio = bytes / learned bytes per second, 16,000 before any report.
///
/// All are rounded up, and none is above the bound that the call was admitted with.
public final class UsageEstimator: Sendable {
    /// Calls whose bytes mean the same.
    public struct Subject: Hashable, Sendable {
        /// Tollgate's name of the model.
        public let model: String
        /// Any number that is the same for calls of one route, and another for other routes.
        public let kind: Int

        /// The calls of one route to one model.
        public init(model: String, kind: Int) {
            self.model = model
            self.kind = kind
        }
    }

    private struct Lessons {
        /// Bytes a token at most: of a short request most is what is around the prompt.
        private static let mostBytes: Int64 = 32

        var request = LearnedRatio(assuming: 4, atMost: mostBytes)
        var whole = LearnedRatio(assuming: 4, atMost: mostBytes)
        var stream = LearnedRatio(assuming: 4, atMost: mostBytes)
        var events = LearnedRatio(assuming: 1)
        var audio = LearnedRatio(assuming: 16_000)

        mutating func learn(_ seen: CallEvidence, _ usage: TokenUsage) {
            // Bytes of a picture or a recording say nothing about its tokens.
            if usage.inputAudio == 0, usage.inputImage == 0 {
                request.learn(seen: seen.requestBytes, used: usage.inputTotal)
            }
            let output = usage.outputTotal
            if seen.textEvents > 0 {
                stream.judge(seen: seen.textBytes, used: output)
                events.judge(seen: seen.textEvents, used: output)
                stream.learn(seen: seen.textBytes, used: output)
                events.learn(seen: seen.textEvents, used: output)
            } else {
                whole.learn(seen: seen.textBytes, used: output)
            }
            audio.learn(seen: seen.audioBytes, used: usage.second)
        }

        func output(_ seen: CallEvidence) -> Int64 {
            if seen.textEvents == 0 { return (whole.reports > 0 ? whole : stream).units(seen.textBytes) }
            if events.reports > 0 {
                let byEvents = stream.reports == 0 || events.miss <= stream.miss
                return byEvents ? events.units(seen.textEvents) : stream.units(seen.textBytes)
            }
            let byText = whole.units(seen.textBytes)
            return whole.reports > 0 ? byText : max(byText, seen.textEvents)
        }
    }

    /// Models come from the operator, so there are few subjects; beyond this many none are added.
    private static let subjectLimit = 4096

    private let lessons = Mutex<[Subject: Lessons]>([:])

    /// An estimator that has learned nothing.
    public init() {}

    /// Learns from a call whose usage was reported, whole and without contradiction; what was not seen or not used
    /// teaches nothing.
    public func learn(_ subject: Subject, _ seen: CallEvidence, usage: TokenUsage) {
        lessons.withLock { lessons in
            if let place = lessons.index(forKey: subject) {
                lessons.values[place].learn(seen, usage)
            } else if lessons.count < Self.subjectLimit {
                var first = Lessons()
                first.learn(seen, usage)
                lessons[subject] = first
            }
        }
    }

    /// What the evidence of a call tells: input and output tokens and seconds, each within `bound`.
    public func estimate(_ subject: Subject, _ seen: CallEvidence, within bound: UsageBound) -> TokenUsage {
        let lessons = lessons.withLock { $0[subject] } ?? Lessons()
        return TokenUsage(
            input: min(lessons.request.units(seen.requestBytes), max(bound.inputTokens, 0)),
            output: min(lessons.output(seen), max(bound.outputTokens, 0)),
            second: min(lessons.audio.units(seen.audioBytes), max(bound.seconds, 0))
        )
    }
}
