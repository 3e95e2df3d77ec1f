/// The members that hold the conversation: messages with their parts, prompts, tools.
extension AskReader {
    private static let fileReason = "refers to a file kept at the provider, which is not allowed here"

    mutating func readMessages() throws(AskError) {
        let name = AskMember.messages.rawValue
        switch try peek() {
        case .array: break
        case .null: throw .missing(name)
        default: throw .wrongType(name, expected: "an array")
        }
        var count = 0
        try elements { reader, index throws(AskError) in
            count += 1
            try reader.readMessage(index)
        }
        guard count > 0 else { throw .invalidValue(name, expected: "a non-empty array") }
    }

    private mutating func readMessage(_ message: Int) throws(AskError) {
        guard try peek() == .object else { throw .wrongType("messages[\(message)]", expected: "an object") }
        try members(of: "messages[\(message)]") { reader, key throws(AskError) in
            if reader.matches(key, "content") {
                try reader.readContent(message)
            } else if reader.matches(key, "audio") {
                // An earlier spoken answer, by the id under which the provider keeps it.
                guard try reader.skip().kind == .null else { throw .unsupported("messages[\(message)].audio") }
            } else {
                try reader.skip()
            }
        }
    }

    private mutating func readContent(_ message: Int) throws(AskError) {
        switch try peek() {
        case .string, .null: try skip()
        case .array: try elements { reader, part throws(AskError) in try reader.readPart(message, part) }
        default: throw .wrongType("messages[\(message)].content", expected: "a string or an array")
        }
    }

    private mutating func readPart(_ message: Int, _ part: Int) throws(AskError) {
        switch try peek() {
        case .string:
            try skip()
            return
        case .object: break
        default: throw .wrongType("messages[\(message)].content[\(part)]", expected: "an object")
        }
        var isText = false
        try members(of: "messages[\(message)].content[\(part)]") { reader, key throws(AskError) in
            if reader.matches(key, "type") {
                let value = try reader.skip()
                guard value.kind == .string else {
                    throw .wrongType("messages[\(message)].content[\(part)].type", expected: "a string")
                }
                isText = reader.matches(value, "text") || reader.matches(value, "refusal")
            } else {
                try reader.readPartMember(key, message, part)
            }
        }
        guard !isText else { return }
        parts += 1
        if firstPart == nil { firstPart = "messages[\(message)].content[\(part)]" }
    }

    private mutating func readPartMember(_ key: JSONSpan, _ message: Int, _ part: Int) throws(AskError) {
        if matches(key, "file_id") {
            guard try skip().kind == .null else {
                throw .unsupported("messages[\(message)].content[\(part)].file_id", because: Self.fileReason)
            }
            return
        }
        guard try peek() == .object else {
            try skip()
            return
        }
        let name = text(key)
        try members(of: "messages[\(message)].content[\(part)].\(name)") { reader, inner throws(AskError) in
            let isNull = try reader.skip().kind == .null
            guard isNull || !reader.matches(inner, "file_id") else {
                let path = "messages[\(message)].content[\(part)].\(name).file_id"
                throw .unsupported(path, because: Self.fileReason)
            }
        }
    }

    /// How many prompts the completion continues.
    mutating func readPrompts() throws(AskError) -> Int64 {
        let name = AskMember.prompt.rawValue
        let expected = "a string, an array of strings, or one or more arrays of token ids"
        switch try peek() {
        case .string:
            try skip()
            return 1
        case .null: throw .missing(name)
        case .array: break
        default: throw .wrongType(name, expected: expected)
        }
        var count: Int64 = 0
        var kind: JSONKind?
        try elements { reader, _ throws(AskError) in
            let element = try reader.peek()
            guard [.string, .number, .array].contains(element), kind == nil || kind == element else {
                throw .wrongType(name, expected: expected)
            }
            kind = element
            count += 1
            try reader.skip()
        }
        guard let kind else { throw .invalidValue(name, expected: "a non-empty array") }
        return kind == .number ? 1 : count
    }

    /// Only tools that the client runs itself.
    mutating func readTools() throws(AskError) {
        switch try peek() {
        case .array: break
        case .null:
            try skip()
            return
        default: throw .wrongType(AskMember.tools.rawValue, expected: "an array")
        }
        try elements { reader, index throws(AskError) in
            guard try reader.peek() == .object else { throw .wrongType("tools[\(index)]", expected: "an object") }
            var hasType = false
            try reader.members(of: "tools[\(index)]") { reader, key throws(AskError) in
                let value = try reader.skip()
                guard reader.matches(key, "type") else { return }
                hasType = true
                let path = "tools[\(index)].type"
                guard value.kind == .string else { throw .wrongType(path, expected: "a string") }
                guard reader.matches(value, "function") || reader.matches(value, "custom") else {
                    throw .unsupported(path, because: "names a tool that the provider runs itself")
                }
            }
            guard hasType else { throw .missing("tools[\(index)].type") }
        }
    }

    private func matches(_ span: JSONSpan, _ name: StaticString) -> Bool {
        scanner.spells(span, name)
    }
}
