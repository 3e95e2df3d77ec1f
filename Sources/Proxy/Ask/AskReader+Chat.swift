/// `/v1/chat/completions` and `/v1/completions`.
extension AskReader {
    mutating func readChat(_ member: AskMember, _ key: JSONSpan) throws(AskError) {
        switch member {
        case .messages where ask.kind == .chatCompletions: try readChatMessages()
        case .prompt where ask.kind == .completions: try readPrompts()
        case .stream: ask.stream = try readFlag(member.rawValue).isTrue
        case .streamOptions: try readStreamOptions()
        case .maxTokens: ask.edits.maxTokens = try readMaxTokens(key, member)
        case .maxCompletionTokens: ask.edits.maxCompletionTokens = try readMaxTokens(key, member)
        case .n: number = try readChoices(member)
        case .bestOf: bestOf = try readChoices(member)
        case .tools: try readTools()
        case .store: try readStore()
        case .serviceTier: try readServiceTier()
        case .promptCacheKey: try readPromptCacheKey()
        case .audio: try readSpokenAnswer()
        case .thinking: try readThinking()
        case .reasoning: try readChatReasoning()
        case .thinkingBudget: try readThinkingTokens(member.rawValue)
        case .speed: try readWord(member, among: "standard")
        case .inferenceGeo: try readWord(member, among: "global")
        case .background, .maxOutputTokens, .moderation: try refuse(member)
        default: try skip()
        }
    }

    private mutating func readStreamOptions() throws(AskError) {
        let name = AskMember.streamOptions.rawValue
        let kind = try peek()
        let start = scanner.offset
        switch kind {
        case .null: try skip()
        case .object:
            try members { reader, key throws(AskError) in
                reader.ask.edits.streamOptionsHasMembers = true
                guard reader.matches(key, "include_usage") else {
                    try reader.skip()
                    return
                }
                let flag = try reader.readFlag(name + ".include_usage")
                reader.ask.includeUsage = flag.isTrue
                reader.ask.edits.includeUsage = flag.span.range
            }
        default: throw .wrongType(name, expected: "an object")
        }
        ask.edits.streamOptions = start..<scanner.offset
    }

    private mutating func readChoices(_ member: AskMember) throws(AskError) -> Int64 {
        try readInteger(member.rawValue, in: 1...Self.highestChoices)?.number ?? 1
    }

    /// The voice and format of a spoken answer, whose tokens are inside the bound on output.
    private mutating func readSpokenAnswer() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            if reader.matches(key, "voice") { try reader.readVoice() } else { try reader.skip() }
        }
    }

    private mutating func readChatReasoning() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            if reader.matches(key, "max_tokens") {
                try reader.readThinkingTokens(AskMember.reasoning.rawValue + ".max_tokens")
            } else {
                try reader.skip()
            }
        }
    }

    /// A voice by name; one by id is kept at the provider.
    mutating func readVoice() throws(AskError) {
        guard try peek() != .object else { throw .unsupported(here, because: "names a voice kept at the provider") }
        try skip()
    }
}
