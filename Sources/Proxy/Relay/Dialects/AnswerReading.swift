/// What Tollgate reads of one JSON answer, or of one stream event.
struct AnswerReading: Equatable {
    /// The member `usage` in its three states.
    enum Usage: Equatable {
        case absent, null
        case reported(UsageReport)

        var isReported: Bool {
            if case .reported = self { true } else { false }
        }
    }

    private(set) var usage = Usage.absent
    /// Where the top level's member `usage` lies, whatever its value.
    private(set) var usageMember: JSONMember?
    /// Whether `choices` holds at least one.
    private(set) var hasChoices = false
    /// Whether a choice has a reason to have ended.
    private(set) var hasFinishReason = false
    /// Whether the top level has an `error` other than null.
    private(set) var hasError = false
    /// What its `type` makes of it.
    private(set) var event = StreamEventKind.content
    /// The service tier, if it is another than the standard one.
    private(set) var tier: String?
    /// Images in it.
    private(set) var images: Int64 = 0
    private(set) var size: String?
    private(set) var quality: String?
    /// Bytes of text that the model wrote.
    private(set) var textBytes: Int64 = 0
    /// The event's place in its stream, where it has one.
    private(set) var sequence: Int64?

    private let dialect: Dialect
    private let isWhole: Bool
    /// It has a type, as the events of most streams have.
    private var isTyped = false
    /// Text of a whole answer; events repeat there what others brought before.
    private var wholeText: Int64 = 0
    /// The longest name of an image's size or quality.
    private static let wordBytes = 32

    /// Nil if the bytes are not a JSON object. Only an event carries a response or message; a whole answer is one.
    init?(_ bytes: UnsafeRawBufferPointer, _ dialect: Dialect, isWhole: Bool = false) {
        self.dialect = dialect
        self.isWhole = isWhole
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
                _ = try scanner.peek()
                let start = scanner.offset
                try readUsage(&scanner)
                usageMember = JSONMember(start: key.start, value: start..<scanner.offset)
            } else if scanner.spells(key, "error") {
                hasError = try scanner.skipValue().kind != .null
            } else if scanner.spells(key, "service_tier") {
                tier = UsageReport.tier(try scanner.skipValue(), in: scanner)
            } else {
                try readOther(key, &scanner)
            }
        }
        try scanner.end()
        if !isTyped { textBytes += wholeText }
        // Only a stream's last event has its image at the top.
        if dialect == .images, event == .end { images = 1 }
    }

    /// Members that only some dialects have.
    private mutating func readOther(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) {
        switch dialect {
        case .openAI where scanner.spells(key, "meta"):
            try readMeta(&scanner)
        case .openAI:
            try scanner.skipValue()
        case _ where scanner.spells(key, "type"):
            let type = try scanner.skipValue()
            guard type.kind == .string else { return }
            event = dialect.event(type, in: scanner)
            isTyped = !scanner.spells(type, "message")
        case .responses where scanner.spells(key, "output"), .anthropic where scanner.spells(key, "content"),
            .transcription where scanner.spells(key, "text"):
            wholeText += try AnswerText.member(key, &scanner)
        case _ where scanner.spells(key, "delta"), .anthropic where scanner.spells(key, "content_block"):
            textBytes += try AnswerText.member(key, &scanner)
        case .responses where !isWhole && scanner.spells(key, "response"),
            .anthropic where !isWhole && scanner.spells(key, "message"):
            try readInner(&scanner)
        case .responses where scanner.spells(key, "sequence_number"):
            let value = try scanner.skipValue()
            if value.kind == .number { sequence = JSONText.integer(value, in: scanner.bytes) }
        case .images where scanner.spells(key, "data"):
            try readImages(&scanner)
        case .images where scanner.spells(key, "size"):
            size = word(try scanner.skipValue(), in: scanner)
        case .images where scanner.spells(key, "quality"):
            quality = word(try scanner.skipValue(), in: scanner)
        case .transcription where scanner.spells(key, "duration"):
            try readDuration(&scanner)
        default:
            try scanner.skipValue()
        }
    }

    /// The response or message that an event carries.
    private mutating func readInner(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.peek() == .object else {
            try scanner.skipValue()
            return
        }
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "usage") {
                try readUsage(&scanner, isPreliminary: dialect == .anthropic)
            } else if scanner.spells(key, "service_tier") {
                tier = UsageReport.tier(try scanner.skipValue(), in: scanner)
            } else {
                try scanner.skipValue()
            }
        }
    }

    private mutating func readUsage(
        _ scanner: inout JSONScanner, isPreliminary: Bool = false
    ) throws(JSONFault) {
        guard try scanner.peek() == .object else {
            try scanner.skipValue()
            if !usage.isReported { usage = .null }
            return
        }
        guard var report = try UsageReport.read(&scanner) else {
            if !usage.isReported { usage = .null }
            return
        }
        report.isPreliminary = isPreliminary
        if case .reported(let before) = usage {
            report.searches = report.searches ?? before.searches
            report.seconds = report.seconds ?? before.seconds
        }
        usage = .reported(report)
    }

    private mutating func readMeta(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.peek() == .object else {
            try scanner.skipValue()
            return
        }
        var report = UsageReport()
        try report.readMeta(&scanner)
        if report.isEmpty { return }
        if case .reported(var whole) = usage {
            whole.searches = report.searches ?? whole.searches
            report = whole
        }
        usage = .reported(report)
    }

    /// The length of the audio stands for a report where there is none, and beside one.
    private mutating func readDuration(_ scanner: inout JSONScanner) throws(JSONFault) {
        var report = UsageReport()
        try report.readSeconds(&scanner)
        if report.isEmpty { return }
        if case .reported(var whole) = usage {
            whole.seconds = whole.seconds ?? report.seconds
            report = whole
        }
        usage = .reported(report)
    }

    private mutating func readImages(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.peek() == .array else {
            try scanner.skipValue()
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            images += 1
            try scanner.skipValue()
        }
    }

    private func word(_ value: JSONSpan, in scanner: JSONScanner) -> String? {
        guard value.kind == .string, 3...Self.wordBytes + 2 ~= value.range.count else { return nil }
        return JSONText.string(value, in: scanner.bytes)
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
                if scanner.spells(key, "finish_reason") {
                    if try scanner.skipValue().kind != .null { hasFinishReason = true }
                } else {
                    textBytes += try AnswerText.member(key, &scanner)
                }
            }
        }
    }
}
