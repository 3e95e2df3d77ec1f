/// Builds the response head from the header lines libcurl hands over; skips 1xx heads and ignores trailers.
struct ResponseHeadParser {
    static let maxBytes = 64 * 1024

    enum Progress {
        case more
        case complete(UpstreamHead)
        case malformed
    }

    private(set) var isComplete = false
    private var seenBytes = 0
    private var status = 0
    private var headers: [(String, String)] = []

    /// Takes one header line with its line end.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Progress {
        seenBytes += line.count
        guard seenBytes <= Self.maxBytes else { return .malformed }
        guard !isComplete else { return .more }
        let text = Self.trimmed(line)
        if text.isEmpty {
            return endOfHead()
        }
        if line.starts(with: "HTTP/".utf8) {
            return startOfHead(text)
        }
        guard status != 0 else { return .malformed }
        return field(text, isFolded: line[0] == 0x20 || line[0] == 0x09)
    }

    private mutating func startOfHead(_ text: Slice<UnsafeRawBufferPointer>) -> Progress {
        guard let space = text.firstIndex(of: 0x20) else { return .malformed }
        let digits = text[(space + 1)...].prefix { $0 != 0x20 }
        guard digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return .malformed }
        status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        headers.removeAll(keepingCapacity: true)
        return status >= 100 ? .more : .malformed
    }

    private mutating func endOfHead() -> Progress {
        guard status != 0 else { return .malformed }
        if status < 200 {
            status = 0
            return .more
        }
        isComplete = true
        let head = UpstreamHead(status: status, headers: headers)
        headers = []
        return .complete(head)
    }

    private mutating func field(_ text: Slice<UnsafeRawBufferPointer>, isFolded: Bool) -> Progress {
        if isFolded {
            guard let last = headers.indices.last else { return .malformed }
            headers[last].1 += " " + String(decoding: text, as: UTF8.self)
            return .more
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else { return .malformed }
        if headers.isEmpty {
            headers.reserveCapacity(16)
        }
        let value = Self.trimmed(UnsafeRawBufferPointer(rebasing: text[(colon + 1)...]))
        headers.append((Self.lowercased(text[..<colon]), String(decoding: value, as: UTF8.self)))
        return .more
    }

    private static func lowercased(_ name: Slice<UnsafeRawBufferPointer>) -> String {
        let isASCII = name.allSatisfy { $0 < 0x80 }
        guard isASCII else { return String(decoding: name, as: UTF8.self).lowercased() }
        return String(unsafeUninitializedCapacity: name.count) { output in
            for (index, byte) in name.enumerated() {
                output[index] = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            }
            return name.count
        }
    }

    private static func trimmed(_ line: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        var start = line.startIndex
        var end = line.endIndex
        while start < end, isSpace(line[start]) { start += 1 }
        while end > start, isSpace(line[end - 1]) { end -= 1 }
        return line[start..<end]
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }
}
