/// Why bytes are not JSON, and where.
struct JSONFault: Error, Equatable {
    enum Kind: String {
        case unexpectedEnd = "the text ends too early"
        case unexpectedByte = "unexpected byte"
        case malformedNumber = "malformed number"
        case malformedEscape = "malformed escape sequence"
        case loneSurrogate = "half a surrogate pair"
        case malformedUTF8 = "malformed UTF-8"
        case controlCharacter = "control character in a string"
        case tooDeep = "nested too deeply"
        case trailingBytes = "bytes after the end of the value"
    }

    let kind: Kind
    /// Bytes before the fault.
    let offset: Int
}
