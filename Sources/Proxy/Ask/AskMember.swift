/// The top-level members of request bodies that Tollgate reads on some route; all others pass unread.
enum AskMember: String, CaseIterable {
    case model, stream, store, messages, prompt, tools, n, input
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case maxOutputTokens = "max_output_tokens"
    case bestOf = "best_of"
    case streamOptions = "stream_options"
    case serviceTier = "service_tier"
    case promptCacheKey = "prompt_cache_key"
    case background, audio, reasoning
    // Anthropic's shape.
    case system, thinking
    case contextManagement = "context_management"
    case outputConfig = "output_config"
    case outputFormat = "output_format"
    // Rankings, images, speech.
    case query, documents, size, quality, voice, image, images, mask
    case imageURL = "image_url"
    case partialImages = "partial_images"
    case streamFormat = "stream_format"
    // Change the price of a token.
    case speed
    case inferenceGeo = "inference_geo"
    // Read what another tenant left at a shared provider account.
    case previousResponseID = "previous_response_id"
    case conversation, container, diagnostics, preset
    case fallbackCreditToken = "fallback_credit_token"
    case kvTransferParams = "kv_transfer_params"
    case sessionParams = "session_params"
    // Run by the provider, at a cost no token bound covers, or when no one waits for the answer.
    case webSearchOptions = "web_search_options"
    case webSearch = "web_search"
    case enableSearch = "enable_search"
    case searchParameters = "search_parameters"
    case dataSources = "data_sources"
    case mcpServers = "mcp_servers"
    case plugins, connectors, enhancements, deferred
    // Whatever a provider takes beyond the API, cached contents among it.
    case extraBody = "extra_body"
    // Make more tokens of a picture or film than `part_tokens_max` says.
    case mmProcessorKwargs = "mm_processor_kwargs"
    case mediaIOKwargs = "media_io_kwargs"
    case maxDynamicPatch = "max_dynamic_patch"
    case imagesConfig = "images_config"
    // Text the provider bills as output when its guess is rejected, beyond the bound on output.
    case prediction
    // A program of the client's that writes the prompt: nothing bounds what comes out of it.
    case chatTemplate = "chat_template"
    // What templates are given; some servers look here for a template too.
    case chatTemplateKwargs = "chat_template_kwargs"
    // Other spellings of the bound on output or on choices, which some servers read before the ones sent to them.
    case nPredict = "n_predict"
    case numPredict = "num_predict"
    case maxNewTokens = "max_new_tokens"
    case maxLength = "max_length"
    case nCompletions = "n_cmpl"
    // Prompts beside the prompts.
    case promptEmbeds = "prompt_embeds"
    // Other models than the one the hold is priced for.
    case models, fallbacks, moderation
    case contextWindowFallbacks = "context_window_fallbacks"
    case contentPolicyFallbacks = "content_policy_fallbacks"
    // Bounds on thinking, elsewhere than `thinking` has them.
    case thinkingBudget = "thinking_budget"

    /// Whether no route takes it: what it asks for is for nobody, or has no bound.
    var isNeverAllowed: Bool {
        switch self {
        case .previousResponseID, .conversation, .container, .diagnostics, .preset, .fallbackCreditToken,
            .kvTransferParams, .sessionParams, .webSearchOptions, .webSearch, .enableSearch, .searchParameters,
            .dataSources, .mcpServers, .plugins, .connectors, .enhancements, .deferred, .extraBody,
            .mmProcessorKwargs, .mediaIOKwargs, .prediction, .chatTemplate, .nPredict, .numPredict, .maxNewTokens,
            .maxLength, .nCompletions, .promptEmbeds, .maxDynamicPatch, .imagesConfig, .models, .fallbacks,
            .contextWindowFallbacks, .contentPolicyFallbacks:
            true
        default: false
        }
    }

    /// The member that has the same length, first and last letter.
    private var twin: AskMember? {
        switch self {
        case .stream: .system
        case .prompt: .preset
        case .streamOptions: .sessionParams
        case .contextWindowFallbacks: .contentPolicyFallbacks
        default: nil
        }
    }

    /// The member a key names, escape sequences included.
    init?(_ key: JSONSpan, in bytes: UnsafeRawBufferPointer) {
        if key.isEscaped {
            guard key.range.count <= Self.spelledBytesAtMost else { return nil }
            self.init(rawValue: JSONText.string(key, in: bytes))
            return
        }
        let name = UnsafeRawBufferPointer(rebasing: bytes[key.start + 1..<key.end - 1])
        guard let candidate = Self.candidate(name) else { return nil }
        if Self.spells(name, candidate) {
            self = candidate
        } else if let twin = candidate.twin, Self.spells(name, twin) {
            self = twin
        } else {
            return nil
        }
    }

    /// Names of members in other letters.
    static let otherCase = OtherCase(of: allCases.map(\.rawValue))
    /// No member takes more bytes with its quotes, even if each letter is escaped. A longer text is not looked at:
    /// Swift compares by what characters are made of, which takes the square of as many as stand in one place.
    static let spelledBytesAtMost = 6 * 32 + 2

    private static func spells(_ name: UnsafeRawBufferPointer, _ member: AskMember) -> Bool {
        var expected = member.rawValue
        return expected.withUTF8 { UnsafeRawBufferPointer($0).elementsEqual(name) }
    }

    /// Length, first and last letter tell the members apart, but for twins, so one comparison decides.
    private static func candidate(_ name: UnsafeRawBufferPointer) -> AskMember? {
        guard let first = name.first, let last = name.last else { return nil }
        return name.count < 10 ? short(name.count, first, last) : long(name.count, first, last)
    }

    private static func short(_ count: Int, _ first: UInt8, _ last: UInt8) -> AskMember? {
        switch (count, first, last) {
        case (5, UInt8(ascii: "m"), _): .model
        case (8, UInt8(ascii: "m"), _): .messages
        case (6, UInt8(ascii: "s"), _): .stream
        case (5, UInt8(ascii: "t"), _): .tools
        case (1, UInt8(ascii: "n"), _): .n
        case (5, UInt8(ascii: "i"), UInt8(ascii: "t")): .input
        case (5, UInt8(ascii: "s"), UInt8(ascii: "e")): .store
        case (5, UInt8(ascii: "s"), _): .speed
        case (6, UInt8(ascii: "p"), _): .prompt
        case (4, UInt8(ascii: "s"), _): .size
        case (4, UInt8(ascii: "m"), _): .mask
        case (5, UInt8(ascii: "i"), _): .image
        case (5, UInt8(ascii: "q"), _): .query
        case (5, UInt8(ascii: "a"), _): .audio
        case (5, UInt8(ascii: "v"), _): .voice
        case (6, UInt8(ascii: "n"), _): .nCompletions
        case (6, UInt8(ascii: "m"), _): .models
        case (6, UInt8(ascii: "i"), _): .images
        case (7, UInt8(ascii: "b"), _): .bestOf
        case (7, UInt8(ascii: "p"), _): .plugins
        case (7, UInt8(ascii: "q"), _): .quality
        case (8, UInt8(ascii: "d"), _): .deferred
        case (8, UInt8(ascii: "t"), _): .thinking
        case (9, UInt8(ascii: "c"), _): .container
        case (9, UInt8(ascii: "d"), _): .documents
        case (9, UInt8(ascii: "f"), _): .fallbacks
        case (9, UInt8(ascii: "i"), _): .imageURL
        case (9, UInt8(ascii: "n"), _): .nPredict
        case (9, UInt8(ascii: "r"), _): .reasoning
        default: nil
        }
    }

    private static func long(_ count: Int, _ first: UInt8, _ last: UInt8) -> AskMember? {
        switch (count, first, last) {
        case (10, UInt8(ascii: "m"), UInt8(ascii: "s")): .maxTokens
        case (10, UInt8(ascii: "m"), UInt8(ascii: "h")): .maxLength
        case (10, UInt8(ascii: "m"), _): .moderation
        case (10, UInt8(ascii: "b"), _): .background
        case (10, UInt8(ascii: "c"), _): .connectors
        case (10, UInt8(ascii: "e"), _): .extraBody
        case (10, UInt8(ascii: "p"), _): .prediction
        case (10, UInt8(ascii: "w"), _): .webSearch
        case (11, UInt8(ascii: "d"), _): .diagnostics
        case (11, UInt8(ascii: "m"), _): .mcpServers
        case (11, UInt8(ascii: "n"), _): .numPredict
        case (12, UInt8(ascii: "c"), _): .conversation
        case (12, UInt8(ascii: "d"), _): .dataSources
        case (12, UInt8(ascii: "e"), _): .enhancements
        case (12, UInt8(ascii: "s"), _): .serviceTier
        case (13, UInt8(ascii: "c"), _): .chatTemplate
        case (13, UInt8(ascii: "e"), _): .enableSearch
        case (13, UInt8(ascii: "i"), UInt8(ascii: "o")): .inferenceGeo
        case (13, UInt8(ascii: "i"), _): .imagesConfig
        case (13, UInt8(ascii: "o"), UInt8(ascii: "g")): .outputConfig
        case (13, UInt8(ascii: "o"), _): .outputFormat
        case (13, UInt8(ascii: "p"), _): .promptEmbeds
        case (13, UInt8(ascii: "s"), _): .streamFormat
        case (14, UInt8(ascii: "m"), _): .maxNewTokens
        case (14, UInt8(ascii: "p"), _): .partialImages
        case (14, UInt8(ascii: "s"), _): .streamOptions
        case (15, UInt8(ascii: "m"), _): .mediaIOKwargs
        case (15, UInt8(ascii: "t"), _): .thinkingBudget
        case (16, UInt8(ascii: "p"), _): .promptCacheKey
        case (17, UInt8(ascii: "m"), UInt8(ascii: "s")): .maxOutputTokens
        case (17, UInt8(ascii: "m"), _): .maxDynamicPatch
        case (17, UInt8(ascii: "s"), _): .searchParameters
        case (18, UInt8(ascii: "c"), _): .contextManagement
        case (18, UInt8(ascii: "k"), _): .kvTransferParams
        case (18, UInt8(ascii: "w"), _): .webSearchOptions
        case (19, UInt8(ascii: "m"), _): .mmProcessorKwargs
        case (20, UInt8(ascii: "c"), _): .chatTemplateKwargs
        case (20, UInt8(ascii: "p"), _): .previousResponseID
        case (21, UInt8(ascii: "f"), _): .fallbackCreditToken
        case (21, UInt8(ascii: "m"), _): .maxCompletionTokens
        case (24, UInt8(ascii: "c"), _): .contextWindowFallbacks
        default: nil
        }
    }
}
