/// Counts the text that a model wrote, wherever an answer or an event holds it: the bytes of JSON strings between their
/// quotes, and nothing of the JSON around them.
enum AnswerText {
    /// Consumes the next value, in which the strings under some names are text, and gives their bytes.
    static func count(_ scanner: inout JSONScanner) throws(JSONFault) -> Int64 {
        switch try scanner.peek() {
        case .object:
            var bytes: Int64 = 0
            try scanner.enterObject()
            while let key = try scanner.nextKey() { bytes += try member(key, &scanner) }
            return bytes
        case .array:
            var bytes: Int64 = 0
            try scanner.enterArray()
            while try scanner.nextElement() { bytes += try count(&scanner) }
            return bytes
        default:
            try scanner.skipValue()
            return 0
        }
    }

    /// Consumes a member's value and gives the bytes of text in it.
    static func member(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) -> Int64 {
        switch try scanner.peek() {
        case .object where scanner.spells(key, "input"):
            // Arguments of a tool, spelled as an object.
            return Int64(try scanner.skipValue().range.count)
        case .object, .array: return try count(&scanner)
        default:
            let value = try scanner.skipValue()
            return value.kind == .string && isText(key, in: scanner) ? Int64(value.range.count - 2) : 0
        }
    }

    private static func isText(_ key: JSONSpan, in scanner: JSONScanner) -> Bool {
        switch key.range.count - 2 {
        case 4: scanner.spells(key, "text") || scanner.spells(key, "name")
        case 5: scanner.spells(key, "delta")
        case 7: scanner.spells(key, "content") || scanner.spells(key, "refusal")
        case 8: scanner.spells(key, "thinking")
        case 9: scanner.spells(key, "reasoning") || scanner.spells(key, "arguments")
        case 12: scanner.spells(key, "partial_json")
        case 17: scanner.spells(key, "reasoning_content")
        default: false
        }
    }
}
