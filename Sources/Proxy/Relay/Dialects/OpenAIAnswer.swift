/// What Tollgate reads of one JSON answer, or of one stream event, in the dialect of chat and text completions.
struct OpenAIAnswer: Equatable {
    /// The member `usage` in its three states.
    enum Usage: Equatable {
        case absent, null
        case reported(UsageReading)

        var isReported: Bool {
            if case .reported = self { true } else { false }
        }
    }

    private(set) var usage = Usage.absent
    /// Where the member `usage` lies, whatever its value.
    private(set) var usageMember: JSONMember?
    /// Whether `choices` holds at least one.
    private(set) var hasChoices = false
    /// Whether a choice has a reason to have ended.
    private(set) var hasFinishReason = false
    /// Whether the top level has an `error` other than null.
    private(set) var hasError = false

    /// Nil if the bytes are not a JSON object.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var scanner = JSONScanner(bytes, strings: .lenient)
        do throws(JSONFault) {
            try read(&scanner)
        } catch {
            return nil
        }
    }

    private mutating func read(_ scanner: inout JSONScanner) throws(JSONFault) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "choices") {
                try readChoices(&scanner)
            } else if scanner.spells(key, "usage") {
                try readUsage(&scanner, key)
            } else if scanner.spells(key, "error") {
                hasError = try scanner.skipValue().kind != .null
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
    }

    private mutating func readUsage(_ scanner: inout JSONScanner, _ key: JSONSpan) throws(JSONFault) {
        let kind = try scanner.peek()
        let start = scanner.offset
        if kind == .object {
            usage = try OpenAIUsage.read(&scanner).map { .reported($0) } ?? .null
        } else {
            try scanner.skipValue()
            usage = .null
        }
        usageMember = JSONMember(start: key.start, value: start..<scanner.offset)
    }

    private mutating func readChoices(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.peek() == .array else {
            try scanner.skipValue()
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            hasChoices = true
            guard try scanner.peek() == .object else {
                try scanner.skipValue()
                continue
            }
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                let value = try scanner.skipValue()
                if value.kind != .null, scanner.spells(key, "finish_reason") { hasFinishReason = true }
            }
        }
    }
}
