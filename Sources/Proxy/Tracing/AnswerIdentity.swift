import NIOCore

/// What an answer calls itself: read of recorded calls only, beside what is read of every answer.
struct AnswerIdentity: Equatable {
    /// The answer's own id.
    private(set) var id: String?
    /// The model that answered, by the backend's word.
    private(set) var model: String?
    /// Why the choices ended, in their order.
    private(set) var finishReasons: [String] = []

    /// Longer texts are none that a dashboard could group by.
    private static let textBytes = 256
    private static let reasonLimit = 16

    /// Reads a whole JSON answer, or the data of one event; what is no JSON changes nothing.
    mutating func read(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes, strings: .lenient)
            var found = self
            do throws(JSONFault) {
                try found.readObject(&scanner, isTop: true)
                self = found
            } catch {}
        }
    }

    private mutating func readObject(_ scanner: inout JSONScanner, isTop: Bool) throws(JSONFault) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "id") {
                id = try text(&scanner) ?? id
            } else if scanner.spells(key, "model") {
                model = try text(&scanner) ?? model
            } else if scanner.spells(key, "finish_reason") || scanner.spells(key, "stop_reason") {
                if let reason = try text(&scanner) { add(reason) }
            } else if isTop, scanner.spells(key, "choices") {
                try readChoices(&scanner)
            } else if isTop, isInner(key, scanner), try scanner.peek() == .object {
                try readObject(&scanner, isTop: false)
            } else {
                try scanner.skipValue()
            }
        }
    }

    /// Where events carry the message they are about, or what changed of it.
    private func isInner(_ key: JSONSpan, _ scanner: JSONScanner) -> Bool {
        scanner.spells(key, "message") || scanner.spells(key, "response") || scanner.spells(key, "delta")
    }

    /// A choice's own members other than its reason are content.
    private mutating func readChoices(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.peek() == .array else {
            try scanner.skipValue()
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skipValue()
                continue
            }
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if scanner.spells(key, "finish_reason") {
                    if let reason = try text(&scanner) { add(reason) }
                } else {
                    try scanner.skipValue()
                }
            }
        }
    }

    private mutating func add(_ reason: String) {
        if finishReasons.count < Self.reasonLimit { finishReasons.append(reason) }
    }

    private func text(_ scanner: inout JSONScanner) throws(JSONFault) -> String? {
        let value = try scanner.skipValue()
        guard value.kind == .string, 3...Self.textBytes + 2 ~= value.end - value.start else { return nil }
        return JSONText.string(value, in: scanner.bytes)
    }
}
