import Billing

/// What OpenAI tells usage apart by. The roll-ups do not know which route a call came by, so a model's usage says what
/// kind it is of: by the unit it is priced by, or by whether it writes.
enum UsageKind: String, CaseIterable {
    case completions
    case embeddings
    case moderations
    case images
    case audioSpeeches = "audio_speeches"
    case audioTranscriptions = "audio_transcriptions"
    case vectorStores = "vector_stores"
    case codeInterpreterSessions = "code_interpreter_sessions"
    case fileSearchCalls = "file_search_calls"
    case webSearchCalls = "web_search_calls"
    case decisions

    /// The kind of a model that was used so. It is never one of those that Tollgate cannot tell or does not have.
    init(of usage: TokenUsage) {
        if usage.image > 0 {
            self = .images
        } else if usage.character > 0 {
            self = .audioSpeeches
        } else if usage.second > 0 {
            self = .audioTranscriptions
        } else if usage.outputTotal == 0, usage.inputTotal > 0 || usage.search > 0 {
            self = .embeddings
        } else {
            self = .completions
        }
    }

    /// What results are called: the calls of tools otherwise than their path.
    private var object: String {
        let name =
            switch self {
            case .fileSearchCalls: "file_searches"
            case .webSearchCalls: "web_searches"
            default: rawValue
            }
        return "organization.usage.\(name).result"
    }

    /// A result without what it is told apart by.
    func members(_ row: UsageRow) -> [JSONMember] {
        [JSONMember("object", .string(object)), JSONMember("num_model_requests", .integer(row.requests))]
            + counts(row.usage)
    }

    private func counts(_ usage: TokenUsage) -> [JSONMember] {
        switch self {
        case .completions: Self.completions(usage)
        case .images: [JSONMember("images", .integer(usage.image))]
        case .audioSpeeches: [JSONMember("characters", .integer(usage.character))]
        case .audioTranscriptions: [JSONMember("seconds", .integer(usage.second))]
        default: [JSONMember("input_tokens", .integer(usage.inputTotal))]
        }
    }

    private static func completions(_ usage: TokenUsage) -> [JSONMember] {
        let written = usage.inputCacheWrite5m &+ usage.inputCacheWrite1h
        return [
            JSONMember("input_tokens", .integer(usage.inputTotal)),
            JSONMember("output_tokens", .integer(usage.outputTotal)),
            JSONMember("input_uncached_tokens", .integer(usage.inputTotal &- usage.inputCacheRead &- written)),
            JSONMember("input_cached_tokens", .integer(usage.inputCacheRead)),
            JSONMember("input_cache_write_tokens", .integer(written)),
            JSONMember("input_text_tokens", .integer(usage.input)),
            JSONMember("input_audio_tokens", .integer(usage.inputAudio)),
            JSONMember("input_image_tokens", .integer(usage.inputImage)),
            JSONMember("output_text_tokens", .integer(usage.output &+ usage.outputReasoning)),
            JSONMember("output_audio_tokens", .integer(usage.outputAudio)),
        ]
    }
}
