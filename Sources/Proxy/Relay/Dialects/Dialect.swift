/// How the answers of one route say what was used, that they failed, and that they are over.
enum Dialect: Sendable, CaseIterable {
    /// Chat and text completions, embeddings, moderations and rankings; streams end with `[DONE]`.
    case openAI
    /// OpenAI's Responses: events have a type, and the last one holds the whole response.
    case responses
    /// Anthropic's Messages: input counts leave out what the cache gave, and a stream adds to its counts as it goes.
    case anthropic
    /// Images, counted one by one or in tokens.
    case images
    /// Speech from text: the answer is audio, or events that hold audio.
    case speech
    /// Text from speech: counted in tokens, or in seconds of audio.
    case transcription

    init(_ kind: AskKind) {
        switch kind {
        case .chatCompletions, .completions, .embeddings, .moderations, .rerank: self = .openAI
        case .responses: self = .responses
        case .messages, .countTokens: self = .anthropic
        case .images: self = .images
        case .speech: self = .speech
        case .transcription: self = .transcription
        }
    }

    /// Disjoint counts of what a backend reported; nil when it counted nothing at all.
    func reading(of report: UsageReport) -> UsageReading? {
        switch self {
        case .openAI, .responses, .images: InclusiveUsage.reading(of: report)
        case .anthropic: ExclusiveUsage.reading(of: report)
        case .speech: SpeechUsage.reading(of: report)
        case .transcription: TranscriptionUsage.reading(of: report)
        }
    }

    /// What an event of a stream is by its type; events of `openAI` have none.
    func event(_ type: JSONSpan, in scanner: JSONScanner) -> StreamEventKind {
        if scanner.spells(type, "error") { return .failure }
        switch self {
        case .openAI: return .content
        case .responses:
            if scanner.spells(type, "response.completed") || scanner.spells(type, "response.incomplete") { return .end }
            return scanner.spells(type, "response.failed") ? .failedEnd : .content
        case .anthropic:
            if scanner.spells(type, "message_stop") { return .end }
            return scanner.spells(type, "ping") ? .aside : .content
        case .images:
            let isEnd =
                scanner.spells(type, "image_generation.completed") || scanner.spells(type, "image_edit.completed")
            return isEnd ? .end : .content
        case .speech: return scanner.spells(type, "speech.audio.done") ? .end : .content
        case .transcription: return scanner.spells(type, "transcript.text.done") ? .end : .content
        }
    }

    /// Whether servers are known that end such a stream without an end mark.
    var mayLackEndMark: Bool { self == .openAI || self == .transcription }

    /// Whether a whole answer may be something else than JSON: audio, or a transcript as text.
    var mayBeOtherThanJSON: Bool { self == .speech || self == .transcription }

    /// Bytes of one line, and of one event: the last event of some streams holds all that was made.
    var eventLimit: Int {
        switch self {
        case .openAI, .anthropic, .transcription: 1 << 20
        case .responses, .speech: 8 << 20
        case .images: 32 << 20
        }
    }

    /// Service tiers that are the standard one under another name.
    static func isStandardTier(_ tier: JSONSpan, in scanner: JSONScanner) -> Bool {
        standardTiers.contains { scanner.spells(tier, $0) }
    }

    private static let standardTiers: [StaticString] = ["default", "standard", "auto", "standard_only", "on_demand"]
}
