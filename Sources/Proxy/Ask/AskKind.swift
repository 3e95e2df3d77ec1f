/// The metered route a request came by, which decides how its body is read and what its bound is.
enum AskKind: Sendable, CaseIterable {
    case chatCompletions, completions, embeddings, responses, moderations, rerank
    /// Anthropic's shape.
    case messages, countTokens
    case images, speech
    /// A form of parts (`multipart/form-data`), not JSON.
    case transcription

    /// Whether a body can bound its output, so that the bound can be lowered.
    var hasMaxTokens: Bool {
        switch self {
        case .chatCompletions, .completions, .responses, .messages: true
        default: false
        }
    }

    /// Whether a stream ends with its usage only if the body asks for it.
    var hasStreamOptions: Bool {
        self == .chatCompletions || self == .completions
    }
}
