/// What chat routes hold: messages with their parts, and prompts.
extension AskReader {
    private static let fileReason = "refers to a file kept at the provider, which is not allowed here"

    mutating func readChatMessages() throws(AskError) {
        try readMessageArray { reader, key throws(AskError) in
            if reader.matches(key, "content") {
                try reader.readParts()
            } else if reader.matches(key, "audio") {
                // An earlier spoken answer, by the id under which the provider keeps it.
                guard try reader.skip().kind == .null else { throw .unsupported(reader.path(at: key.start)) }
            } else {
                try reader.skip()
            }
        }
    }

    /// A non-empty array of objects, each member of which is visited.
    mutating func readMessageArray(
        _ visit: (inout AskReader, JSONSpan) throws(AskError) -> Void
    ) throws(AskError) {
        let name = AskMember.messages.rawValue
        switch try peek() {
        case .array: break
        case .null: throw .missing(name)
        default: throw .wrongType(name, expected: "an array")
        }
        let count = try elements { reader throws(AskError) in
            guard try reader.peek() == .object else { throw .wrongType(reader.here, expected: "an object") }
            try reader.members(visit)
        }
        guard count > 0 else { throw .invalidValue(name, expected: "a non-empty array") }
        hasInput = true
    }

    /// Text, or an array of parts.
    mutating func readParts() throws(AskError) {
        switch try peek() {
        case .string, .null: try skip()
        case .array: try elements { reader throws(AskError) in try reader.readPart() }
        default: throw .wrongType(here, expected: "a string or an array")
        }
    }

    /// One part; what is not text counts.
    mutating func readPart() throws(AskError) {
        switch try peek() {
        case .string:
            try skip()
            return
        case .object: break
        default: throw .wrongType(here, expected: "an object")
        }
        let start = scanner.offset
        var isText = false
        try members { reader, key throws(AskError) in
            if reader.matches(key, "type") {
                isText = reader.isText(try reader.readType())
            } else {
                try reader.readPartMember(key)
            }
        }
        if !isText { countPart(at: start) }
    }

    mutating func countPart(at offset: Int) {
        ask.parts += 1
        if ask.firstPart == nil { ask.firstPart = path(at: offset) }
    }

    /// The value of `type`, which must be a string.
    mutating func readType() throws(AskError) -> JSONSpan {
        guard try peek() == .string else { throw .wrongType(here, expected: "a string") }
        return try skip()
    }

    /// Whether a part of this type is bounded by the bytes it takes.
    func isText(_ type: JSONSpan) -> Bool {
        matches(type, "text") || matches(type, "input_text") || matches(type, "output_text")
            || matches(type, "refusal") || matches(type, "reasoning_text") || matches(type, "summary_text")
    }

    /// A member beside `type`: no file at the provider, here or one level deeper.
    private mutating func readPartMember(_ key: JSONSpan) throws(AskError) {
        if matches(key, "file_id") { return try refuseFile(key) }
        guard try peek() == .object else {
            try skip()
            return
        }
        try refuseFiles()
    }

    /// The value of a `file_id` must be null.
    mutating func refuseFile(_ key: JSONSpan) throws(AskError) {
        guard try skip().kind == .null else { throw .unsupported(path(at: key.start), because: Self.fileReason) }
    }

    /// The prompts that the completion continues, each with answers of its own.
    mutating func readPrompts() throws(AskError) {
        let name = AskMember.prompt.rawValue
        let expected = "a string, an array of strings, or one or more arrays of token ids"
        hasInput = true
        switch try peek() {
        case .string:
            try skip()
            return
        case .null: throw .missing(name)
        case .array: break
        default: throw .wrongType(name, expected: expected)
        }
        var kind: JSONKind?
        let count = try elements { reader throws(AskError) in
            let element = try reader.peek()
            guard [.string, .number, .array].contains(element), kind == nil || kind == element else {
                throw .wrongType(name, expected: expected)
            }
            kind = element
            try reader.skip()
        }
        guard let kind else { throw .invalidValue(name, expected: "a non-empty array") }
        prompts = kind == .number ? 1 : count
    }
}
