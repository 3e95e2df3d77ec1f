/// One pass over a JSON request body: checks it, reads what Tollgate needs and notes where it lies.
///
/// Here are the walk and what routes share; each family of routes has a file with its table of members.
struct AskReader {
    static let highestChoices: Int64 = 128
    static let highestMaxTokens: Int64 = 2_147_483_647

    /// What has been read so far.
    var ask: Ask
    var scanner: JSONScanner
    private var keys = JSONKeyLog()
    /// Whether the member without which the route makes no sense was there.
    var hasInput = false
    var number: Int64 = 1
    var bestOf: Int64 = 1
    var prompts: Int64 = 1
    var partialImages: Int64 = 0
    var queryParts = 0
    var size: String?
    var quality: String?

    /// With `givesWay` it lets other threads of the same processor through while it reads.
    init(_ bytes: UnsafeRawBufferPointer, kind: AskKind, givesWay: Bool = false) {
        ask = Ask(kind: kind, model: "")
        scanner = JSONScanner(bytes)
        if givesWay { scanner.givesWayAt = 0 }
    }

    /// Reads the whole body; call once.
    mutating func read() throws(AskError) -> Ask {
        guard try peek() == .object else { throw .wrongType(nil, expected: "a JSON object") }
        ask.edits.start = scanner.offset + 1
        ask.bodyBytes = scanner.bytes.count
        try members { reader, key throws(AskError) in try reader.readTopLevel(key) }
        try json { scanner throws(JSONFault) in try scanner.end() }
        guard !ask.model.isEmpty else { throw .missing(AskMember.model.rawValue) }
        guard hasInput else { throw .missing(requiredMember.rawValue) }
        switch ask.kind {
        case .chatCompletions, .completions: ask.choices = max(number, bestOf) * prompts
        case .rerank: finishRanking()
        case .images: finishImages()
        default: break
        }
        return ask
    }

    private mutating func readTopLevel(_ key: JSONSpan) throws(AskError) {
        guard let member = AskMember(key, in: scanner.bytes) else {
            if AskMember.otherCase.contains(key, in: scanner.bytes) { throw .unsupported(text(key)) }
            try skip()
            return
        }
        // No `==`: that would compare the texts of the cases.
        if case .model = member { return try readModel() }
        if member.isNeverAllowed { return try refuse(member) }
        if case .chatTemplateKwargs = member { return try readTemplateArguments() }
        switch ask.kind {
        case .chatCompletions, .completions: try readChat(member, key)
        case .responses: try readResponses(member, key)
        case .messages, .countTokens: try readMessages(member, key)
        case .embeddings, .moderations, .rerank: try readTexts(member)
        case .images: try readImages(member)
        case .speech: try readSpeech(member)
        // A form, read elsewhere.
        case .transcription: try skip()
        }
    }

    private var requiredMember: AskMember {
        switch ask.kind {
        case .chatCompletions, .messages, .countTokens: .messages
        case .completions, .images: .prompt
        case .embeddings, .responses, .moderations, .speech, .transcription: .input
        case .rerank: .documents
        }
    }
}

// MARK: Members that several routes share

extension AskReader {
    private mutating func readModel() throws(AskError) {
        let value = try skip()
        guard value.kind != .null else { return }
        guard value.kind == .string else { throw .wrongType(AskMember.model.rawValue, expected: "a string") }
        ask.model = text(value)
        ask.edits.model = value.range
    }

    /// Not on this route; null and false are as good as absent.
    mutating func refuse(_ member: AskMember) throws(AskError) {
        let kind = try skip().kind
        guard kind == .null || kind == .no else { throw .unsupported(member.rawValue) }
    }

    /// Only these words, or null: all others change what a token costs.
    mutating func readWord(_ member: AskMember, among words: StaticString...) throws(AskError) {
        let value = try skip()
        if value.kind == .null { return }
        guard value.kind == .string else { throw .wrongType(member.rawValue, expected: "a string") }
        guard words.contains(where: { matches(value, $0) }) else {
            throw .unsupported(member.rawValue, because: "may not be '\(text(value))' here: it has another price")
        }
    }

    mutating func readStore() throws(AskError) {
        let value = try readFlag(AskMember.store.rawValue).span
        ask.edits.hasStore = true
        if value.kind != .no { ask.edits.store = value.range }
    }

    mutating func readMaxTokens(_ key: JSONSpan, _ member: AskMember) throws(AskError) -> JSONMember {
        if let value = try readInteger(member.rawValue, in: 1...Self.highestMaxTokens) {
            ask.maxTokens = max(ask.maxTokens ?? 1, value.number)
            return JSONMember(start: key.start, value: value.range)
        }
        return JSONMember(start: key.start, value: scanner.offset - 4..<scanner.offset)
    }

    /// What is in a template of the client's own is bounded by nothing.
    private mutating func readTemplateArguments() throws(AskError) {
        try membersIfObject { reader, key throws(AskError) in
            let isTemplate = reader.matches(key, "chat_template")
            guard try reader.skip().kind == .null || !isTemplate else {
                throw .unsupported(reader.path(at: key.start))
            }
        }
    }

    /// Tokens of the bound on output that are for thinking; admission compares the two.
    mutating func readThinkingTokens(
        _ name: @autoclosure () -> String, from least: Int64 = 0
    ) throws(AskError) {
        guard let budget = try readInteger(name(), in: least...Self.highestMaxTokens)?.number else { return }
        ask.thinkingTokens = max(ask.thinkingTokens, budget)
    }

    /// Admission asks whether the tier has a price.
    mutating func readServiceTier() throws(AskError) {
        let value = try skip()
        if value.kind == .null { return }
        guard value.kind == .string else { throw .wrongType(AskMember.serviceTier.rawValue, expected: "a string") }
        if Dialect.isStandardTier(value, in: scanner) { return }
        ask.serviceTier = text(value)
    }

    /// Passes as it is; another type than a string is for the backend to refuse.
    mutating func readPromptCacheKey() throws(AskError) {
        let value = try skip()
        guard value.kind == .string else { return }
        ask.promptCacheHash = Affinity.hash(UnsafeRawBufferPointer(rebasing: scanner.bytes[value.range]))
    }

    /// A whole number from `limits`; nil for null.
    mutating func readInteger(
        _ name: @autoclosure () -> String, in limits: ClosedRange<Int64>
    ) throws(AskError) -> (number: Int64, range: Range<Int>)? {
        let value = try skip()
        if value.kind == .null { return nil }
        let number = value.kind == .number ? JSONText.integer(value, in: scanner.bytes) : nil
        if let number, limits.contains(number) { return (number, value.range) }
        let expected = "an integer from \(limits.lowerBound) to \(limits.upperBound)"
        if value.kind != .number { throw .wrongType(name(), expected: expected) }
        throw .invalidValue(name(), expected: expected)
    }

    /// A boolean; null counts as false.
    mutating func readFlag(_ name: @autoclosure () -> String) throws(AskError) -> (isTrue: Bool, span: JSONSpan) {
        let value = try skip()
        guard [.yes, .no, .null].contains(value.kind) else { throw .wrongType(name(), expected: "a boolean") }
        return (value.kind == .yes, value)
    }
}

// MARK: The walk

extension AskReader {
    /// Names that are read inside the members of a body, in other letters.
    private static let nestedOtherCase = OtherCase(of: [
        "audio", "budget_tokens", "chat_template", "content", "edits", "encrypted_content", "file_id", "format",
        "include_usage", "max_tokens", "mode", "output", "role", "source", "tools", "type", "voice",
    ])

    /// Visits each member of the object that is next; `visit` consumes the value. A repeated key is refused, and a name
    /// in other letters that is read here.
    mutating func members(_ visit: (inout AskReader, JSONSpan) throws(AskError) -> Void) throws(AskError) {
        var frame = keys.open()
        try json { scanner throws(JSONFault) in try scanner.enterObject() }
        while let key = try json({ scanner throws(JSONFault) in try scanner.nextKey() }) {
            guard keys.insert(JSONKeyDigest(key, in: scanner.bytes), in: &frame) else {
                throw .duplicateKey(path(at: key.start), at: key.start)
            }
            if Self.nestedOtherCase.contains(key, in: scanner.bytes) { throw .unsupported(path(at: key.start)) }
            try visit(&self, key)
        }
        keys.close(frame)
    }

    /// As `members` if an object is next; anything else is for the backend to judge.
    mutating func membersIfObject(
        _ visit: (inout AskReader, JSONSpan) throws(AskError) -> Void
    ) throws(AskError) {
        if try peek() == .object { try members(visit) } else { try skip() }
    }

    /// Steps over a null; false if something else is next.
    mutating func takeNull() throws(AskError) -> Bool {
        guard try peek() == .null else { return false }
        try skip()
        return true
    }

    /// Visits each element of the array that is next; `visit` consumes it. Returns how many there were.
    @discardableResult
    mutating func elements(_ visit: (inout AskReader) throws(AskError) -> Void) throws(AskError) -> Int64 {
        try json { scanner throws(JSONFault) in try scanner.enterArray() }
        var count: Int64 = 0
        while try json({ scanner throws(JSONFault) in try scanner.nextElement() }) {
            try visit(&self)
            count += 1
        }
        return count
    }

    @discardableResult
    mutating func skip() throws(AskError) -> JSONSpan {
        try json { scanner throws(JSONFault) in try scanner.skipValue() }
    }

    mutating func peek() throws(AskError) -> JSONKind {
        try json { scanner throws(JSONFault) in try scanner.peek() }
    }

    /// The path of what begins at `offset`, for a refusal.
    func path(at offset: Int) -> String {
        JSONPath.text(at: offset, in: scanner.bytes, givesWay: scanner.givesWayAt < .max)
    }

    /// The path of the value that is next, once `peek` has been called.
    var here: String { path(at: scanner.offset) }

    func text(_ span: JSONSpan) -> String {
        JSONText.string(span, in: scanner.bytes)
    }

    func matches(_ span: JSONSpan, _ name: StaticString) -> Bool {
        scanner.spells(span, name)
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
