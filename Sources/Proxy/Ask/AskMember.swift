/// The top-level members of a request body that Tollgate reads; all others pass unread.
enum AskMember: String {
    case model, stream, store, messages, prompt, tools, n
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case bestOf = "best_of"
    case streamOptions = "stream_options"
    case serviceTier = "service_tier"
    case promptCacheKey = "prompt_cache_key"
    case background
    // Read what another tenant left at a shared provider account.
    case previousResponseID = "previous_response_id"
    case conversation, container
    // Run by the provider, at a cost no token bound covers.
    case webSearchOptions = "web_search_options"
    case searchParameters = "search_parameters"
    case mcpServers = "mcp_servers"
    case plugins
    // Text the provider bills as output when its guess is rejected, beyond the bound on output.
    case prediction
    // Other spellings of the bound on output or on choices, which some servers read before the ones sent to them.
    case nPredict = "n_predict"
    case numPredict = "num_predict"
    case maxNewTokens = "max_new_tokens"
    case maxOutputTokens = "max_output_tokens"
    case maxLength = "max_length"
    case nCompletions = "n_cmpl"
    // Other models than the one the hold is priced for.
    case models

    /// The member a key names, escape sequences included.
    init?(_ key: JSONSpan, in bytes: UnsafeRawBufferPointer) {
        if key.isEscaped {
            self.init(rawValue: JSONText.string(key, in: bytes))
            return
        }
        let name = UnsafeRawBufferPointer(rebasing: bytes[key.start + 1..<key.end - 1])
        guard let first = name.first, let candidate = Self.candidate(length: name.count, first: first) else {
            return nil
        }
        if Self.spells(name, candidate) {
            self = candidate
        } else if candidate == .maxTokens, Self.spells(name, .maxLength) {
            self = .maxLength
        } else {
            return nil
        }
    }

    /// Whether the bytes are a member's name but for the case of its letters: some servers match names that way.
    static func isOtherCase(_ key: JSONSpan, in bytes: UnsafeRawBufferPointer) -> Bool {
        let name = UnsafeRawBufferPointer(rebasing: bytes[key.start + 1..<key.end - 1])
        guard key.isEscaped || name.contains(where: { 0x41...0x5A ~= $0 }) else { return false }
        return AskMember(rawValue: JSONText.string(key, in: bytes).lowercased()) != nil
    }

    private static func spells(_ name: UnsafeRawBufferPointer, _ member: AskMember) -> Bool {
        var expected = member.rawValue
        return expected.withUTF8 { UnsafeRawBufferPointer($0).elementsEqual(name) }
    }

    /// Length and first letter tell the members apart, so one comparison decides (two for `max_length`).
    private static func candidate(length: Int, first: UInt8) -> AskMember? {
        switch (length, first) {
        case (1, UInt8(ascii: "n")): .n
        case (5, UInt8(ascii: "m")): .model
        case (5, UInt8(ascii: "s")): .store
        case (5, UInt8(ascii: "t")): .tools
        case (6, UInt8(ascii: "n")): .nCompletions
        case (6, UInt8(ascii: "s")): .stream
        case (6, UInt8(ascii: "p")): .prompt
        case (6, UInt8(ascii: "m")): .models
        case (7, UInt8(ascii: "b")): .bestOf
        case (7, UInt8(ascii: "p")): .plugins
        case (8, UInt8(ascii: "m")): .messages
        case (9, UInt8(ascii: "c")): .container
        case (9, UInt8(ascii: "n")): .nPredict
        case (10, UInt8(ascii: "b")): .background
        case (10, UInt8(ascii: "m")): .maxTokens
        case (10, UInt8(ascii: "p")): .prediction
        case (11, UInt8(ascii: "m")): .mcpServers
        case (11, UInt8(ascii: "n")): .numPredict
        case (12, UInt8(ascii: "c")): .conversation
        case (12, UInt8(ascii: "s")): .serviceTier
        case (14, UInt8(ascii: "m")): .maxNewTokens
        case (14, UInt8(ascii: "s")): .streamOptions
        case (16, UInt8(ascii: "p")): .promptCacheKey
        case (17, UInt8(ascii: "m")): .maxOutputTokens
        case (17, UInt8(ascii: "s")): .searchParameters
        case (18, UInt8(ascii: "w")): .webSearchOptions
        case (20, UInt8(ascii: "p")): .previousResponseID
        case (21, UInt8(ascii: "m")): .maxCompletionTokens
        default: nil
        }
    }
}
