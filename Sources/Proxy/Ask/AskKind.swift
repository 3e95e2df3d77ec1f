/// The metered route a request came by, which decides how its body is read and what its bound is.
enum AskKind: Sendable, CaseIterable {
    case chatCompletions, completions, embeddings, responses, moderations, rerank
    /// Anthropic's shape.
    case messages, countTokens
    case images, speech
    /// A form of parts (`multipart/form-data`), not JSON.
    case transcription
}
