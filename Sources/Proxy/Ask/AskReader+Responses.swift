/// `/v1/responses`.
extension AskReader {
    /// Items that carry all they mean, made by the client or by a tool that it runs.
    private static let items: [StaticString] = [
        "message", "function_call", "function_call_output", "reasoning", "custom_tool_call", "custom_tool_call_output",
        "local_shell_call", "local_shell_call_output", "apply_patch_call", "apply_patch_call_output", "computer_call",
        "computer_call_output",
    ]

    mutating func readResponses(_ member: AskMember, _ key: JSONSpan) throws(AskError) {
        switch member {
        case .input: try readItems()
        case .stream: ask.stream = try readFlag(member.rawValue).isTrue
        case .maxOutputTokens: ask.edits.maxTokens = try readMaxTokens(key, member)
        case .tools: try readTools()
        case .store: try readStore()
        case .serviceTier: try readServiceTier()
        case .promptCacheKey: try readPromptCacheKey()
        case .reasoning: try readReasoning()
        case .speed: try readWord(member, among: "standard")
        case .inferenceGeo: try readWord(member, among: "global")
        // Compaction is a further run of the model, beyond the bound on output; a prompt is kept at the provider.
        case .contextManagement, .background, .prompt, .messages, .maxTokens, .maxCompletionTokens, .n, .bestOf,
            .moderation:
            try refuse(member)
        default: try skip()
        }
    }

    /// A mode other than the standard one may think several times over.
    private mutating func readReasoning() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            let value = try reader.skip()
            guard reader.matches(key, "mode"), value.kind != .null else { return }
            guard reader.matches(value, "standard") else { throw .unsupported(reader.path(at: key.start)) }
        }
    }

    private mutating func readItems() throws(AskError) {
        switch try peek() {
        case .string: try skip()
        case .array: try elements { reader throws(AskError) in try reader.readItem() }
        case .null: throw .missing(AskMember.input.rawValue)
        default: throw .wrongType(here, expected: "a string or an array")
        }
        hasInput = true
    }

    private mutating func readItem() throws(AskError) {
        guard try peek() == .object else { throw .wrongType(here, expected: "an object") }
        let start = scanner.offset
        var type: JSONSpan?
        var (hasRole, hasContent) = (false, false)
        try members { reader, key throws(AskError) in
            if reader.matches(key, "type") {
                type = try reader.takeNull() ? nil : try reader.readType()
            } else if reader.matches(key, "content") {
                hasContent = try reader.peek() != .null
                try reader.readParts()
            } else if reader.matches(key, "encrypted_content") {
                if try reader.skip().kind != .null { hasContent = true }
            } else if reader.matches(key, "output") {
                try reader.readOutput()
            } else if reader.matches(key, "file_id") {
                try reader.refuseFile(key)
            } else if reader.matches(key, "role") {
                hasRole = try reader.skip().kind != .null
            } else {
                try reader.skip()
            }
        }
        try judgeItem(at: start, type: type, hasRole: hasRole, hasContent: hasContent)
    }

    /// What a tool gave back: text, parts, or one screenshot.
    private mutating func readOutput() throws(AskError) {
        if try peek() == .object { try readPart() } else { try readParts() }
    }

    private func judgeItem(at start: Int, type: JSONSpan?, hasRole: Bool, hasContent: Bool) throws(AskError) {
        guard let type else {
            // Without type and role an item is a reference to one by its id.
            guard hasRole else { throw .missing(path(at: start) + ".type") }
            return
        }
        guard Self.items.contains(where: { matches(type, $0) }) else {
            let reason = "names an item that is kept or was made at the provider"
            throw .unsupported(path(at: type.start), because: reason)
        }
        // With its id alone the provider looks it up, and what it holds is not in these bytes.
        guard hasContent || !matches(type, "reasoning") else {
            let reason = "is needed: a reasoning item by its id alone is kept at the provider"
            throw .unsupported(path(at: start) + ".encrypted_content", because: reason)
        }
    }
}
