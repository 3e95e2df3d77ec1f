/// One pass over a request body: checks the JSON, reads what Tollgate needs and notes where it lies.
struct AskReader {
    static let highestChoices: Int64 = 128
    static let highestMaxTokens: Int64 = 2_147_483_647

    private let kind: AskKind
    var scanner: JSONScanner
    private var keys = JSONKeyLog()
    private var edits = AskEdits()
    private var model: String?
    private var isStream = false
    private var number: Int64 = 1
    private var bestOf: Int64 = 1
    private var maxTokens: Int64?
    private var includeUsage = false
    private var hasInput = false
    private var prompts: Int64 = 1
    private var promptCacheHash: UInt64?
    var parts = 0
    var firstPart: String?

    init(_ bytes: UnsafeRawBufferPointer, kind: AskKind) {
        self.kind = kind
        scanner = JSONScanner(bytes)
    }

    /// Reads the whole body; call once.
    mutating func read() throws(AskError) -> Ask {
        guard try peek() == .object else { throw .wrongType(nil, expected: "a JSON object") }
        edits.start = scanner.offset + 1
        try members(of: "") { reader, key throws(AskError) in try reader.readTopLevel(key) }
        try json { scanner throws(JSONFault) in try scanner.end() }
        guard let model, !model.isEmpty else { throw .missing(AskMember.model.rawValue) }
        guard hasInput else {
            throw .missing(kind == .completions ? AskMember.prompt.rawValue : AskMember.messages.rawValue)
        }
        return Ask(
            kind: kind, model: model, stream: isStream, choices: max(number, bestOf) * prompts, maxTokens: maxTokens,
            includeUsage: includeUsage, bodyBytes: scanner.bytes.count, parts: parts, firstPart: firstPart,
            promptCacheHash: promptCacheHash, edits: edits)
    }

    private mutating func readTopLevel(_ key: JSONSpan) throws(AskError) {
        guard let member = AskMember(key, in: scanner.bytes) else {
            if AskMember.isOtherCase(key, in: scanner.bytes) {
                throw .unsupported(JSONText.string(key, in: scanner.bytes))
            }
            try skip()
            return
        }
        let name = member.rawValue
        switch member {
        case .model: try readModel()
        case .stream: isStream = try readFlag(name).isTrue
        case .store: try readStore()
        case .streamOptions: try readStreamOptions()
        case .maxTokens: edits.maxTokens = try readMaxTokens(key, name)
        case .maxCompletionTokens: edits.maxCompletionTokens = try readMaxTokens(key, name)
        case .n: number = try readChoices(name)
        case .bestOf: bestOf = try readChoices(name)
        case .messages where kind == .chatCompletions:
            try readMessages()
            hasInput = true
        case .prompt where kind == .completions:
            prompts = try readPrompts()
            hasInput = true
        case .messages, .prompt: try skip()
        case .tools: try readTools()
        case .serviceTier: try readServiceTier()
        case .promptCacheKey: try readPromptCacheKey()
        case .background:
            if try readFlag(name).isTrue { throw .unsupported(name) }
        case .previousResponseID, .conversation, .container, .webSearchOptions, .searchParameters, .mcpServers,
            .plugins, .prediction, .nPredict, .numPredict, .maxNewTokens, .maxOutputTokens, .maxLength,
            .nCompletions, .models:
            guard try skip().kind == .null else { throw .unsupported(name) }
        }
    }

    private mutating func readModel() throws(AskError) {
        let value = try skip()
        guard value.kind != .null else { return }
        guard value.kind == .string else { throw .wrongType(AskMember.model.rawValue, expected: "a string") }
        model = JSONText.string(value, in: scanner.bytes)
        edits.model = value.range
    }

    private mutating func readStore() throws(AskError) {
        let value = try readFlag(AskMember.store.rawValue).span
        if value.kind != .no { edits.store = value.range }
    }

    private mutating func readStreamOptions() throws(AskError) {
        let name = AskMember.streamOptions.rawValue
        let start = try peekStart()
        switch start.kind {
        case .null: try skip()
        case .object:
            try members(of: name) { reader, key throws(AskError) in
                reader.edits.streamOptionsHasMembers = true
                guard reader.scanner.spells(key, "include_usage") else {
                    try reader.skip()
                    return
                }
                let flag = try reader.readFlag(name + ".include_usage")
                reader.includeUsage = flag.isTrue
                reader.edits.includeUsage = flag.span.range
            }
        default: throw .wrongType(name, expected: "an object")
        }
        edits.streamOptions = start.offset..<scanner.offset
    }

    private mutating func readMaxTokens(_ key: JSONSpan, _ name: String) throws(AskError) -> JSONMember {
        let expected = "an integer from 1 to \(Self.highestMaxTokens)"
        if let value = try readInteger(name, in: 1...Self.highestMaxTokens, expected: expected) {
            maxTokens = max(maxTokens ?? 1, value.number)
            return JSONMember(start: key.start, value: value.range)
        }
        return JSONMember(start: key.start, value: scanner.offset - 4..<scanner.offset)
    }

    private mutating func readChoices(_ name: String) throws(AskError) -> Int64 {
        let expected = "an integer from 1 to \(Self.highestChoices)"
        return try readInteger(name, in: 1...Self.highestChoices, expected: expected)?.number ?? 1
    }

    /// Nil for null.
    private mutating func readInteger(
        _ name: String, in limits: ClosedRange<Int64>, expected: @autoclosure () -> String
    ) throws(AskError) -> (number: Int64, range: Range<Int>)? {
        let value = try skip()
        if value.kind == .null { return nil }
        guard value.kind == .number else { throw .wrongType(name, expected: expected()) }
        guard let number = JSONText.integer(value, in: scanner.bytes), limits.contains(number) else {
            throw .invalidValue(name, expected: expected())
        }
        return (number, value.range)
    }

    private mutating func readServiceTier() throws(AskError) {
        let name = AskMember.serviceTier.rawValue
        let value = try skip()
        if value.kind == .null { return }
        guard value.kind == .string else { throw .wrongType(name, expected: "a string") }
        guard ["auto", "default"].contains(text(value)) else {
            throw .unsupported(name, because: "may only be 'auto' or 'default': other tiers have other prices")
        }
    }

    /// Passes as it is; another type than a string is for the backend to refuse.
    private mutating func readPromptCacheKey() throws(AskError) {
        let value = try skip()
        guard value.kind == .string else { return }
        promptCacheHash = Affinity.hash(UnsafeRawBufferPointer(rebasing: scanner.bytes[value.range]))
    }

    /// A boolean; null counts as false.
    private mutating func readFlag(_ name: String) throws(AskError) -> (isTrue: Bool, span: JSONSpan) {
        let value = try skip()
        guard [.yes, .no, .null].contains(value.kind) else { throw .wrongType(name, expected: "a boolean") }
        return (value.kind == .yes, value)
    }
}

extension AskReader {
    /// Visits each member of the object that is next; `visit` consumes the value. A repeated key is refused.
    mutating func members(
        of path: @autoclosure () -> String, _ visit: (inout AskReader, JSONSpan) throws(AskError) -> Void
    ) throws(AskError) {
        var frame = keys.open()
        try json { scanner throws(JSONFault) in try scanner.enterObject() }
        while let key = try json({ scanner throws(JSONFault) in try scanner.nextKey() }) {
            guard keys.insert(JSONKeyDigest(key, in: scanner.bytes), in: &frame) else {
                let path = path()
                throw .duplicateKey((path.isEmpty ? "" : path + ".") + text(key), at: key.start)
            }
            try visit(&self, key)
        }
        keys.close(frame)
    }

    /// Visits each element of the array that is next with its index; `visit` consumes it.
    mutating func elements(_ visit: (inout AskReader, Int) throws(AskError) -> Void) throws(AskError) {
        try json { scanner throws(JSONFault) in try scanner.enterArray() }
        var index = 0
        while try json({ scanner throws(JSONFault) in try scanner.nextElement() }) {
            try visit(&self, index)
            index += 1
        }
    }

    @discardableResult
    mutating func skip() throws(AskError) -> JSONSpan {
        try json { scanner throws(JSONFault) in try scanner.skipValue() }
    }

    mutating func peek() throws(AskError) -> JSONKind {
        try json { scanner throws(JSONFault) in try scanner.peek() }
    }

    mutating func peekStart() throws(AskError) -> (kind: JSONKind, offset: Int) {
        (try peek(), scanner.offset)
    }

    func text(_ span: JSONSpan) -> String {
        JSONText.string(span, in: scanner.bytes)
    }

    @inline(__always)
    private mutating func json<Value>(
        _ step: (inout JSONScanner) throws(JSONFault) -> Value
    ) throws(AskError) -> Value {
        do throws(JSONFault) {
            return try step(&scanner)
        } catch {
            throw .invalidJSON(error)
        }
    }
}
