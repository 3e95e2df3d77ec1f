import Billing

extension AskKind {
    /// Whether anything is written that counts in tokens; its bound is the model's `max_output_tokens`.
    var hasOutput: Bool {
        switch self {
        case .chatCompletions, .completions, .responses, .messages, .images, .speech, .transcription: true
        case .embeddings, .moderations, .rerank, .countTokens: false
        }
    }

    /// What a call of this kind can be charged by; a price for nothing of it is no price.
    var chargedMeters: [Meter] {
        switch self {
        case .chatCompletions, .completions, .responses, .messages, .embeddings, .moderations: Self.byToken
        case .rerank: Self.bySearch
        case .images: Self.byImage
        case .speech: Self.byCharacter
        case .transcription: Self.bySecond
        case .countTokens: []
        }
    }

    private static let byToken: [Meter] = [.input, .request]
    private static let bySearch: [Meter] = [.input, .search, .request]
    private static let byImage: [Meter] = [.output, .image, .request]
    private static let byCharacter: [Meter] = [.output, .character, .second, .request]
    private static let bySecond: [Meter] = [.input, .second, .request]
}
