import Tenancy

/// Walks JSON bytes once and checks them against RFC 8259 as it goes; what is skipped is checked too, and not copied.
///
/// Values are read in order: after `enterObject` call `nextKey` until nil and consume one value after each key; after
/// `enterArray` call `nextElement` until false and consume one value after each true. `end` closes the walk.
struct JSONScanner {
    /// Arrays and objects within each other; deeper text is refused.
    static let depthLimit = 64

    /// How the text inside strings is judged.
    enum Strings {
        /// Well-formed UTF-8 and whole surrogate pairs only.
        case strict
        /// Some servers cut a character between two chunks: bytes above 127 and lone surrogates pass.
        case lenient
    }

    let bytes: UnsafeRawBufferPointer
    let strings: Strings
    /// The next byte to read.
    var offset = 0
    /// Where other threads are let through next; nowhere unless it is set.
    var givesWayAt = Int.max
    private var depth = 0
    private var isAtStart = false

    /// Bytes between two such places, for which a hundred microseconds are much.
    private static let givesWayEvery = 4096

    init(_ bytes: UnsafeRawBufferPointer, strings: Strings = .strict) {
        self.bytes = bytes
        self.strings = strings
    }

    /// The kind of the next value by its first byte; the value itself is not checked yet.
    mutating func peek() throws(JSONFault) -> JSONKind {
        skipSpace()
        guard offset < bytes.count else { throw fault(.unexpectedEnd) }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"): return .yes
        case UInt8(ascii: "f"): return .no
        case UInt8(ascii: "n"): return .null
        default: throw fault(.unexpectedByte)
        }
    }

    /// Checks the next value whole and steps over it.
    @discardableResult
    mutating func skipValue() throws(JSONFault) -> JSONSpan {
        let kind = try peek()
        let start = offset
        var isEscaped = false
        switch kind {
        case .object:
            try enterObject()
            while try nextKey() != nil { try skipValue() }
        case .array:
            try enterArray()
            while try nextElement() { try skipValue() }
        case .string: isEscaped = try skipString()
        case .number: try skipNumber()
        case .yes: try skipLiteral("true")
        case .no: try skipLiteral("false")
        case .null: try skipLiteral("null")
        }
        return JSONSpan(kind: kind, start: start, end: offset, isEscaped: isEscaped)
    }

    /// Steps into an object; the next byte other than space must be its brace.
    mutating func enterObject() throws(JSONFault) {
        try enter(UInt8(ascii: "{"))
    }

    /// Steps into an array; the next byte other than space must be its bracket.
    mutating func enterArray() throws(JSONFault) {
        try enter(UInt8(ascii: "["))
    }

    /// The next key of the current object, up to and past its colon; nil when the object ended.
    mutating func nextKey() throws(JSONFault) -> JSONSpan? {
        guard try nextItem(closing: UInt8(ascii: "}")) else { return nil }
        guard offset < bytes.count else { throw fault(.unexpectedEnd) }
        guard bytes[offset] == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
        let start = offset
        let isEscaped = try skipString()
        let key = JSONSpan(kind: .string, start: start, end: offset, isEscaped: isEscaped)
        skipSpace()
        guard offset < bytes.count else { throw fault(.unexpectedEnd) }
        guard bytes[offset] == UInt8(ascii: ":") else { throw fault(.unexpectedByte) }
        offset += 1
        return key
    }

    /// Whether another element of the current array follows; false when the array ended.
    mutating func nextElement() throws(JSONFault) -> Bool {
        try nextItem(closing: UInt8(ascii: "]"))
    }

    /// Nothing but space may follow.
    mutating func end() throws(JSONFault) {
        skipSpace()
        guard offset == bytes.count else { throw fault(.trailingBytes) }
    }

    func fault(_ kind: JSONFault.Kind, at position: Int? = nil) -> JSONFault {
        JSONFault(kind: kind, offset: position ?? offset)
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private mutating func enter(_ opening: UInt8) throws(JSONFault) {
        skipSpace()
        guard offset < bytes.count else { throw fault(.unexpectedEnd) }
        guard bytes[offset] == opening else { throw fault(.unexpectedByte) }
        guard depth < Self.depthLimit else { throw fault(.tooDeep) }
        depth += 1
        offset += 1
        isAtStart = true
    }

    private mutating func nextItem(closing: UInt8) throws(JSONFault) -> Bool {
        if offset >= givesWayAt { giveWay() }
        skipSpace()
        guard offset < bytes.count else { throw fault(.unexpectedEnd) }
        let byte = bytes[offset]
        if byte == closing {
            offset += 1
            depth -= 1
            isAtStart = false
            return false
        }
        if isAtStart {
            isAtStart = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw fault(.unexpectedByte) }
        offset += 1
        skipSpace()
        return true
    }

    private mutating func giveWay() {
        givesWayAt = offset + Self.givesWayEvery
        WorkerThread.giveWay()
    }

    @inline(__always)
    private mutating func skipSpace() {
        while offset < bytes.count, Self.isSpace(bytes[offset]) { offset += 1 }
    }

    private mutating func skipLiteral(_ literal: StaticString) throws(JSONFault) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard offset < bytes.count else { throw fault(.unexpectedEnd) }
            guard bytes[offset] == literal.utf8Start[index] else { throw fault(.unexpectedByte) }
            offset += 1
        }
    }

    private mutating func skipNumber() throws(JSONFault) {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let isZeroFirst = offset < bytes.count && bytes[offset] == UInt8(ascii: "0")
        let whole = skipDigits()
        guard whole > 0, !isZeroFirst || whole == 1 else { throw fault(.malformedNumber, at: start) }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            guard skipDigits() > 0 else { throw fault(.malformedNumber, at: start) }
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            guard skipDigits() > 0 else { throw fault(.malformedNumber, at: start) }
        }
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
        return offset - start
    }
}
