/// `/v1/messages` and `/v1/messages/count_tokens`, in Anthropic's shape.
extension AskReader {
    /// Tokens at most that a provider adds to explain the format of a structured answer.
    static let formatTokens: Int64 = 1024

    mutating func readMessages(_ member: AskMember, _ key: JSONSpan) throws(AskError) {
        switch member {
        case .messages:
            try readMessageArray { reader, key throws(AskError) in
                if reader.matches(key, "content") { try reader.readBlocks() } else { try reader.skip() }
            }
        case .system: try readBlocks()
        case .maxTokens: ask.edits.maxTokens = try readMaxTokens(key, member)
        case .stream: ask.stream = try readFlag(member.rawValue).isTrue
        case .tools: try readTools()
        case .thinking: try readThinking()
        case .outputConfig: try readOutputConfig()
        case .outputFormat: if try skip().kind != .null { ask.addedTokens += Self.formatTokens }
        case .contextManagement: try readContextManagement()
        case .serviceTier: try readWord(member, among: "auto", "standard_only")
        case .speed: try readWord(member, among: "standard")
        case .inferenceGeo: try readWord(member, among: "global")
        case .background, .maxCompletionTokens, .maxOutputTokens, .n, .bestOf, .prompt, .input: try refuse(member)
        default: try skip()
        }
    }

    /// The budget is inside `max_tokens`.
    mutating func readThinking() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            if reader.matches(key, "budget_tokens") {
                try reader.readThinkingTokens(AskMember.thinking.rawValue + ".budget_tokens", from: 1)
            } else {
                try reader.skip()
            }
        }
    }

    private mutating func readOutputConfig() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            let value = try reader.skip()
            if reader.matches(key, "format"), value.kind != .null { reader.ask.addedTokens += Self.formatTokens }
        }
    }

    /// Edits may only drop input: others run the model once more, beyond the bound on output.
    private mutating func readContextManagement() throws(AskError) {
        guard try peek() == .object else { return try refuse(.contextManagement) }
        try members { reader, key throws(AskError) in
            guard reader.matches(key, "edits"), try reader.peek() == .array else {
                try reader.skip()
                return
            }
            try reader.elements { reader throws(AskError) in try reader.readEdit() }
        }
    }

    private mutating func readEdit() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            guard reader.matches(key, "type") else {
                try reader.skip()
                return
            }
            let type = try reader.readType()
            guard reader.text(type).utf8.starts(with: "clear_".utf8) else {
                throw .unsupported(reader.path(at: key.start))
            }
        }
    }

    /// Text, or an array of blocks.
    private mutating func readBlocks() throws(AskError) {
        switch try peek() {
        case .string, .null: try skip()
        case .array: try elements { reader throws(AskError) in try reader.readBlock() }
        default: throw .wrongType(here, expected: "a string or an array")
        }
    }

    /// One block, with the blocks inside it; images, documents and what is unknown count.
    private mutating func readBlock() throws(AskError) {
        switch try peek() {
        case .string:
            try skip()
            return
        case .object: break
        default: throw .wrongType(here, expected: "an object")
        }
        let start = scanner.offset
        var type: JSONSpan?
        var isTextSource = false
        try members { reader, key throws(AskError) in
            if reader.matches(key, "type") {
                type = try reader.readType()
            } else if reader.matches(key, "source") {
                isTextSource = try reader.readSource()
            } else if reader.matches(key, "content") {
                if try reader.peek() == .object { try reader.readBlock() } else { try reader.readBlocks() }
            } else if reader.matches(key, "file_id") {
                try reader.refuseFile(key)
            } else {
                // A tool's `input` is the client's own and may have any members.
                try reader.skip()
            }
        }
        guard let type, isTextBlock(type) || (isTextSource && matches(type, "document")) else {
            return countPart(at: start)
        }
    }

    private func isTextBlock(_ type: JSONSpan) -> Bool {
        matches(type, "text") || matches(type, "tool_result") || matches(type, "tool_use")
            || matches(type, "thinking") || matches(type, "redacted_thinking") || matches(type, "search_result")
            || matches(type, "mid_conv_system") || matches(type, "tool_addition") || matches(type, "tool_removal")
            || matches(type, "tool_reference")
    }

    /// Where an image or document comes from; true if it is text in these bytes.
    private mutating func readSource() throws(AskError) -> Bool {
        // The source of a search result is its name.
        guard try peek() == .object else {
            try skip()
            return false
        }
        var isText = false
        try members { reader, key throws(AskError) in
            if reader.matches(key, "type") {
                let type = try reader.readType()
                guard !reader.matches(type, "file") else {
                    throw .unsupported(reader.path(at: key.start), because: "names a file kept at the provider")
                }
                isText = reader.matches(type, "text") || reader.matches(type, "content")
            } else if reader.matches(key, "file_id") {
                try reader.refuseFile(key)
            } else if reader.matches(key, "content") {
                try reader.readBlocks()
            } else {
                try reader.skip()
            }
        }
        return isText
    }
}
