/// The top-level members of a request body that Tollgate reads; all others pass unread.
enum AskMember: String {
    case model, stream, store, messages, prompt, tools, n
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case bestOf = "best_of"
    case streamOptions = "stream_options"
    case serviceTier = "service_tier"
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
        var expected = candidate.rawValue
        guard expected.withUTF8({ UnsafeRawBufferPointer($0).elementsEqual(name) }) else { return nil }
        self = candidate
    }

    /// Length and first letter tell the members apart, so one comparison decides.
    private static func candidate(length: Int, first: UInt8) -> AskMember? {
        switch (length, first) {
        case (1, UInt8(ascii: "n")): .n
        case (5, UInt8(ascii: "m")): .model
        case (5, UInt8(ascii: "s")): .store
        case (5, UInt8(ascii: "t")): .tools
        case (6, UInt8(ascii: "s")): .stream
        case (6, UInt8(ascii: "p")): .prompt
        case (6, UInt8(ascii: "m")): .models
        case (7, UInt8(ascii: "b")): .bestOf
        case (7, UInt8(ascii: "p")): .plugins
        case (8, UInt8(ascii: "m")): .messages
        case (9, UInt8(ascii: "c")): .container
        case (10, UInt8(ascii: "b")): .background
        case (10, UInt8(ascii: "m")): .maxTokens
        case (10, UInt8(ascii: "p")): .prediction
        case (11, UInt8(ascii: "m")): .mcpServers
        case (12, UInt8(ascii: "c")): .conversation
        case (12, UInt8(ascii: "s")): .serviceTier
        case (14, UInt8(ascii: "s")): .streamOptions
        case (17, UInt8(ascii: "s")): .searchParameters
        case (18, UInt8(ascii: "w")): .webSearchOptions
        case (20, UInt8(ascii: "p")): .previousResponseID
        case (21, UInt8(ascii: "m")): .maxCompletionTokens
        default: nil
        }
    }
}
