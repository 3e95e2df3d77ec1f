extension AskKind {
    /// The kind of call a request path asks for; nil when it is no forwarded route.
    init?(path: Substring) {
        switch path {
        case "/v1/chat/completions": self = .chatCompletions
        case "/v1/completions": self = .completions
        case "/v1/embeddings": self = .embeddings
        case "/v1/responses": self = .responses
        case "/v1/moderations": self = .moderations
        case "/v1/rerank": self = .rerank
        case "/v1/messages": self = .messages
        case "/v1/messages/count_tokens": self = .countTokens
        case "/v1/images/generations": self = .images
        case "/v1/audio/speech": self = .speech
        case "/v1/audio/transcriptions": self = .transcription
        default: return nil
        }
    }

    /// The path after `/v1`, which a backend's `base_url` ends with.
    var suffix: String {
        switch self {
        case .chatCompletions: "/chat/completions"
        case .completions: "/completions"
        case .embeddings: "/embeddings"
        case .responses: "/responses"
        case .moderations: "/moderations"
        case .rerank: "/rerank"
        case .messages: "/messages"
        case .countTokens: "/messages/count_tokens"
        case .images: "/images/generations"
        case .speech: "/audio/speech"
        case .transcription: "/audio/transcriptions"
        }
    }

    /// The whole path. Constants, so that no text is made for it.
    var path: String {
        switch self {
        case .chatCompletions: "/v1/chat/completions"
        case .completions: "/v1/completions"
        case .embeddings: "/v1/embeddings"
        case .responses: "/v1/responses"
        case .moderations: "/v1/moderations"
        case .rerank: "/v1/rerank"
        case .messages: "/v1/messages"
        case .countTokens: "/v1/messages/count_tokens"
        case .images: "/v1/images/generations"
        case .speech: "/v1/audio/speech"
        case .transcription: "/v1/audio/transcriptions"
        }
    }

    /// The API a backend must speak to serve it; nothing is translated.
    var backendKind: BackendKind {
        switch self {
        case .messages, .countTokens: .anthropic
        default: .openai
        }
    }
}
