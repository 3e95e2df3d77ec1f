/// Tools: only those that the client runs itself, by a list of what is allowed.
extension AskReader {
    /// Tokens at most that a provider adds for the use of tools, whatever they are (Anthropic publishes up to 530).
    static let toolUseTokens: Int64 = 1024
    /// Tokens at most of one tool whose definition the provider writes (published: up to 735, and 499 beside it).
    static let namedToolTokens: Int64 = 2048

    private enum ToolVerdict {
        /// Defined in the body, which its bytes bound.
        case defined
        /// Run by the client, but defined by the provider.
        case named
        case refused
    }

    /// `tools`, here or inside a namespace of them.
    mutating func readTools() throws(AskError) {
        if try takeNull() { return }
        guard try peek() == .array else { throw .wrongType(here, expected: "an array") }
        let count = try elements { reader throws(AskError) in try reader.readTool() }
        if count > 0, ask.kind == .messages || ask.kind == .countTokens { ask.addedTokens += Self.toolUseTokens }
    }

    private mutating func readTool() throws(AskError) {
        guard try peek() == .object else { throw .wrongType(here, expected: "an object") }
        let start = scanner.offset
        // Anthropic's tools are the client's own unless they say otherwise.
        var hasType = ask.kind == .messages || ask.kind == .countTokens
        try members { reader, key throws(AskError) in
            if reader.matches(key, "tools"), reader.ask.kind == .responses { return try reader.readTools() }
            guard reader.matches(key, "type") else {
                try reader.skip()
                return
            }
            if hasType, try reader.takeNull() { return }
            hasType = true
            let type = try reader.readType()
            switch reader.judge(type) {
            case .defined: break
            case .named: reader.ask.addedTokens += Self.namedToolTokens
            case .refused:
                throw .unsupported(reader.path(at: key.start), because: "names a tool that the provider runs itself")
            }
        }
        guard hasType else { throw .missing(path(at: start) + ".type") }
    }

    private func judge(_ type: JSONSpan) -> ToolVerdict {
        switch ask.kind {
        case .messages, .countTokens:
            if matches(type, "custom") { return .defined }
            let name = text(type).utf8
            let families = ["bash_", "text_editor_", "computer_", "memory_"]
            return families.contains { name.starts(with: $0.utf8) } ? .named : .refused
        case .responses:
            if matches(type, "function") || matches(type, "custom") || matches(type, "namespace") { return .defined }
            let isNamed =
                matches(type, "local_shell") || matches(type, "apply_patch") || matches(type, "computer")
                || matches(type, "computer_use_preview")
            return isNamed ? .named : .refused
        default:
            return matches(type, "function") || matches(type, "custom") ? .defined : .refused
        }
    }
}
