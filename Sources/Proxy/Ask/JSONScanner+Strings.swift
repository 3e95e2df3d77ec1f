extension JSONScanner {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// Whether a checked string spells `name`, escape sequences included.
    func spells(_ span: JSONSpan, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        if span.isEscaped {
            guard span.range.count - 2 <= 6 * count else { return false }
            return JSONText.string(span, in: bytes).utf8.elementsEqual(name.description.utf8)
        }
        guard span.end - span.start - 2 == count else { return false }
        for index in 0..<count where bytes[span.start + 1 + index] != name.utf8Start[index] { return false }
        return true
    }

    /// Steps over the string that starts at `offset`; true if it holds an escape sequence.
    mutating func skipString() throws(JSONFault) -> Bool {
        var position = offset + 1
        var isEscaped = false
        while true {
            position = endOfPlainText(from: position)
            guard position < bytes.count else { throw fault(.unexpectedEnd, at: bytes.count) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                offset = position + 1
                return isEscaped
            case UInt8(ascii: "\\"):
                isEscaped = true
                position = try endOfEscape(at: position)
            case 0..<0x20:
                throw fault(.controlCharacter, at: position)
            default:
                // Other scripts come in runs, which need no look for quotes.
                repeat {
                    position = strings == .strict ? try endOfSequence(at: position) : position + 1
                } while position < bytes.count && bytes[position] > 0x7F
            }
        }
    }

    /// The first quote, backslash, control character or byte above 127, eight bytes at a time.
    @inline(__always)
    private func endOfPlainText(from start: Int) -> Int {
        let bytes = bytes
        let lastWord = bytes.count &- 8
        var position = start
        while position <= lastWord {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quotes = (word ^ Self.ones &* UInt64(UInt8(ascii: "\""))) &- Self.ones
            let backslashes = (word ^ Self.ones &* UInt64(UInt8(ascii: "\\"))) &- Self.ones
            let controls = word &- Self.ones &* 0x20
            // A borrow only reaches bytes above a hit, so the lowest hit is exact.
            let hits = (quotes | backslashes | controls | word) & Self.highBits
            if hits != 0 { return position &+ hits.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x20 || byte > 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            position += 1
        }
        return position
    }

    private func endOfEscape(at start: Int) throws(JSONFault) -> Int {
        guard start + 1 < bytes.count else { throw fault(.unexpectedEnd, at: bytes.count) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(at: start)
            guard strings == .strict, unit & 0xF800 == 0xD800 else { return start + 6 }
            guard unit < 0xDC00, start + 7 < bytes.count, bytes[start + 6] == UInt8(ascii: "\\"),
                bytes[start + 7] == UInt8(ascii: "u"), try codeUnit(at: start + 6) & 0xFC00 == 0xDC00
            else { throw fault(.loneSurrogate, at: start) }
            return start + 12
        default:
            throw fault(.malformedEscape, at: start)
        }
    }

    /// The four hexadecimal digits of the `\u` escape at `start`.
    private func codeUnit(at start: Int) throws(JSONFault) -> UInt16 {
        guard start + 6 <= bytes.count else { throw fault(.unexpectedEnd, at: bytes.count) }
        guard let unit = JSONText.codeUnit(bytes, at: start + 2) else { throw fault(.malformedEscape, at: start) }
        return unit
    }

    /// Steps over one UTF-8 sequence of two to four bytes (RFC 3629 §4).
    @inline(__always)
    private func endOfSequence(at start: Int) throws(JSONFault) -> Int {
        let lead = bytes[start]
        var second: ClosedRange<UInt8> = 0x80...0xBF
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw fault(.malformedUTF8, at: start)
        }
        guard start + length <= bytes.count, second.contains(bytes[start + 1]),
            length < 3 || bytes[start + 2] & 0xC0 == 0x80, length < 4 || bytes[start + 3] & 0xC0 == 0x80
        else { throw fault(.malformedUTF8, at: start) }
        return start + length
    }
}
