import NIOCore

/// Reads a JSON object that is too long to be held: of its top level it keeps the few members that say what was used,
/// and counts what `data` holds. It takes a bounded amount of memory, and the text may be split anywhere.
///
/// What passes is checked for its structure only; what is kept is read by the same reader as a short answer.
struct AnswerSieve {
    private enum State: Equatable {
        case beforeValue, beforeFirstElement
        case beforeKey, beforeFirstKey
        case beforeColon, afterValue
        case inString, inKey, inScalar
        case done
    }

    /// Bytes of all members that are kept.
    private static let keptLimit = 64 * 1024
    private static let keyLimit = 64
    private static let wanted: [StaticString] = [
        "usage", "error", "service_tier", "meta", "duration", "size", "quality",
    ]

    private var state = State.beforeValue
    private var isEscaped = false
    private var depth = 0
    /// A bit for each level: 1 for an object, 0 for an array.
    private var kinds: UInt64 = 0
    /// The key of the top level that is being read, with its quotes; cut where it is too long to be a wanted one.
    private var key: [UInt8] = []
    /// The wanted members so far, as the inside of an object.
    private var kept: [UInt8] = []
    private var isKeeping = false
    private var isCounting = false
    private var elements: Int64 = 0
    /// A wanted member did not fit.
    private var isCut = false
    private(set) var isMalformed = false

    /// Takes the next bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position < bytes.count, !isMalformed {
            let start = position
            let wasKeeping = isKeeping
            step(bytes, &position)
            // A scalar ends before the byte that shows its end, so every step lies wholly inside or outside a value.
            if wasKeeping || isKeeping { keep(UnsafeRawBufferPointer(rebasing: bytes[start..<position])) }
        }
    }

    /// What a whole answer says; one that is not over, or not sound, is malformed.
    func reading(_ dialect: Dialect) -> WholeReading {
        var object = ByteBuffer(string: "{")
        object.writeBytes(kept)
        object.writeStaticString("}")
        var reading = WholeReading(object, dialect)
        if state != .done || isMalformed { reading.fault = .malformed }
        if dialect == .images { reading.scanner.add(images: elements) }
        if isCut { reading.scanner.distrust() }
        return reading
    }

    private mutating func step(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
        switch state {
        case .inString, .inKey: return readString(bytes, &position)
        case .inScalar: return readScalar(bytes, &position)
        default: break
        }
        let byte = bytes[position]
        if JSONScanner.isSpace(byte) {
            position += 1
            return
        }
        switch state {
        case .beforeValue, .beforeFirstElement: beginValue(byte, &position)
        case .beforeKey, .beforeFirstKey: beginKey(byte, &position)
        case .beforeColon:
            position += 1
            if byte != UInt8(ascii: ":") { isMalformed = true }
            state = .beforeValue
            if depth == 1 { choose() }
        case .afterValue: endValue(byte, &position)
        case .done, .inString, .inKey, .inScalar: isMalformed = true
        }
    }

    // MARK: Values

    private mutating func beginValue(_ byte: UInt8, _ position: inout Int) {
        if state == .beforeFirstElement, byte == UInt8(ascii: "]") { return close(isObject: false, &position) }
        if depth == 0, byte != UInt8(ascii: "{") { return isMalformed = true }
        if isCounting, depth == 2, kinds & 2 == 0 { elements = elements.clampedSum(1) }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < JSONScanner.depthLimit else { return isMalformed = true }
            let isObject = byte == UInt8(ascii: "{")
            kinds = isObject ? kinds | 1 << UInt64(depth) : kinds & ~(1 << UInt64(depth))
            depth += 1
            state = isObject ? .beforeFirstKey : .beforeFirstElement
            position += 1
        case UInt8(ascii: "\""):
            state = .inString
            position += 1
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "t"), UInt8(ascii: "f"),
            UInt8(ascii: "n"):
            state = .inScalar
        default: isMalformed = true
        }
    }

    private mutating func endValue(_ byte: UInt8, _ position: inout Int) {
        let isObject = depth > 0 && kinds >> UInt64(depth - 1) & 1 == 1
        switch byte {
        case UInt8(ascii: ","):
            state = isObject ? .beforeKey : .beforeValue
            position += 1
        case UInt8(ascii: "}"): close(isObject: true, &position)
        case UInt8(ascii: "]"): close(isObject: false, &position)
        default: isMalformed = true
        }
    }

    private mutating func close(isObject: Bool, _ position: inout Int) {
        guard depth > 0, (kinds >> UInt64(depth - 1) & 1 == 1) == isObject else { return isMalformed = true }
        depth -= 1
        position += 1
        valueEnded()
    }

    private mutating func valueEnded() {
        state = depth == 0 ? .done : .afterValue
        if depth <= 1 {
            isKeeping = false
            isCounting = false
        }
    }

    private mutating func readScalar(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                position += 1
            default: return valueEnded()
            }
        }
    }

    // MARK: Strings

    private mutating func beginKey(_ byte: UInt8, _ position: inout Int) {
        if state == .beforeFirstKey, byte == UInt8(ascii: "}") { return close(isObject: true, &position) }
        guard byte == UInt8(ascii: "\"") else { return isMalformed = true }
        state = .inKey
        position += 1
        key = [byte]
    }

    private mutating func readString(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
        let start = position
        while position < bytes.count {
            if isEscaped {
                isEscaped = false
                position += 1
                continue
            }
            position = ByteSearch.first(UInt8(ascii: "\""), UInt8(ascii: "\\"), in: bytes, from: position)
            guard position < bytes.count else { break }
            position += 1
            if bytes[position - 1] == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                noteKey(bytes[start..<position])
                if state == .inKey { state = .beforeColon } else { valueEnded() }
                return
            }
        }
        noteKey(bytes[start..<position])
    }

    private mutating func noteKey(_ piece: Slice<UnsafeRawBufferPointer>) {
        guard state == .inKey, depth == 1 else { return }
        key.append(contentsOf: piece.prefix(Self.keyLimit + 1 - min(key.count, Self.keyLimit + 1)))
    }

    // MARK: Keeping

    /// Decides by the key just read what becomes of its value.
    private mutating func choose() {
        guard key.count <= Self.keyLimit else { return }
        let key = key
        key.withUnsafeBytes { bytes in
            let scanner = JSONScanner(bytes)
            let span = JSONSpan(
                kind: .string, start: 0, end: bytes.count, isEscaped: key.contains(UInt8(ascii: "\\")))
            isCounting = scanner.spells(span, "data")
            isKeeping = Self.wanted.contains { scanner.spells(span, $0) }
        }
        guard isKeeping else { return }
        if !kept.isEmpty { kept.append(UInt8(ascii: ",")) }
        kept.append(contentsOf: key)
    }

    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        guard kept.count + piece.count <= Self.keptLimit else {
            isCut = true
            kept.removeAll()
            isKeeping = false
            return
        }
        kept.append(contentsOf: piece)
    }
}
