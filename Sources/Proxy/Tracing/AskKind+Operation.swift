extension AskKind {
    /// The name of the operation in OpenTelemetry's conventions (`gen_ai.operation.name`), or a word in their manner.
    var operation: String {
        switch self {
        case .chatCompletions, .responses, .messages: "chat"
        case .completions: "text_completion"
        case .embeddings: "embeddings"
        case .moderations: "moderation"
        case .rerank: "rerank"
        case .countTokens: "count_tokens"
        case .images: "image_generation"
        case .speech: "speech"
        case .transcription: "transcription"
        }
    }
}
