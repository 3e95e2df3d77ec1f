/// Reads a header field's value with parameters: a word, then `; name=value`, bare or quoted (RFC 9110 §5.6.6).
struct HeaderParameters {
    enum Item {
        /// The name in lower case; the value without its quotes, but with its escapes.
        case parameter(name: String, value: String)
        case end
        case malformed
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The word before the parameters, such as a media type; nil if there is none.
    mutating func word() -> String? {
        skipSpace()
        return token()
    }

    /// The next parameter.
    mutating func next() -> Item {
        skipSpace()
        guard position < bytes.count else { return .end }
        guard take(UInt8(ascii: ";")) else { return .malformed }
        skipSpace()
        // A semicolon at the end is harmless.
        guard position < bytes.count else { return .end }
        guard let name = token()?.lowercased(), take(UInt8(ascii: "=")), let value = quoted() ?? bare() else {
            return .malformed
        }
        return .parameter(name: name, value: value)
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// Of a name or a media type, which are ASCII.
    private mutating func token() -> String? {
        bare().flatMap { $0.utf8.allSatisfy { $0 < 0x80 } ? $0 : nil }
    }

    private mutating func bare() -> String? {
        let start = position
        while position < bytes.count, Self.isBare(bytes[position]) { position += 1 }
        return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    /// A quoted string; nil, and nothing taken, if it does not begin or end here.
    private mutating func quoted() -> String? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < bytes.count else { return nil }
        defer { position = end + 1 }
        return String(decoding: bytes[position + 1..<end], as: UTF8.self)
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: ";") && byte != UInt8(ascii: "=")
            && byte != UInt8(ascii: "\"")
    }
}
