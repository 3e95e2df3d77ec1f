/// Builds the response head from the header lines libcurl hands over; skips 1xx heads and ignores trailers.
struct ResponseHeadParser {
    /// All heads of a response and its trailers.
    static let maxBytes = 64 * 1024
    /// One line without its end.
    static let maxLineBytes = 16 * 1024
    static let maxInterimHeads = 16

    enum Progress {
        case more
        case complete(UpstreamHead)
        /// No head that is to be believed, and why.
        case malformed(String)
    }

    private(set) var isComplete = false
    /// How the body is delimited and coded, as far as the head has said.
    private(set) var framing = ResponseFraming()
    private var seenBytes = 0
    private var interimHeads = 0
    private var status = 0
    private var headers: [(String, String)] = []

    /// Takes one header line with its line end.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Progress {
        seenBytes += line.count
        guard seenBytes <= Self.maxBytes else { return .malformed("response head over \(Self.maxBytes) bytes") }
        guard line.count <= Self.maxLineBytes + 2 else {
            return .malformed("a line of the response head over \(Self.maxLineBytes) bytes")
        }
        guard !isComplete else { return .more }
        let text = Self.trimmed(line)
        if text.isEmpty {
            return endOfHead()
        }
        if line.starts(with: "HTTP/".utf8) {
            return startOfHead(text)
        }
        guard status != 0 else { return .malformed("the response head has no status line") }
        return field(text, isFolded: line[0] == 0x20 || line[0] == 0x09)
    }

    private mutating func startOfHead(_ text: Slice<UnsafeRawBufferPointer>) -> Progress {
        guard let space = text.firstIndex(of: 0x20) else { return .malformed("the status line has no status") }
        let digits = text[(space + 1)...].prefix { $0 != 0x20 }
        guard digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return .malformed("the status is no number of three digits")
        }
        status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        headers.removeAll(keepingCapacity: true)
        framing = ResponseFraming()
        framing.isStreamed = text[..<space].starts(with: "HTTP/2".utf8)
        return status >= 100 ? .more : .malformed("the status is below 100")
    }

    private mutating func endOfHead() -> Progress {
        guard status != 0 else { return .malformed("the response head is empty") }
        if status < 200 {
            guard status != 101 else { return .malformed("the backend switches protocols unasked") }
            interimHeads += 1
            guard interimHeads <= Self.maxInterimHeads else {
                return .malformed("more than \(Self.maxInterimHeads) interim heads")
            }
            status = 0
            return .more
        }
        // RFC 9112 §6.3: whichever the client believes, another may believe the other.
        guard !framing.isContradictory else { return .malformed(ResponseFraming.contradiction) }
        isComplete = true
        if status == 204 || status == 304 { framing.length = 0 }
        let head = UpstreamHead(status: status, headers: headers)
        headers = []
        return .complete(head)
    }

    private mutating func field(_ text: Slice<UnsafeRawBufferPointer>, isFolded: Bool) -> Progress {
        if isFolded {
            guard let last = headers.indices.last else { return .malformed("the first header is a continuation") }
            // As a reader has it who joins the lines first: no space is left where there was no value yet.
            headers[last].1 += (headers[last].1.isEmpty ? "" : " ") + String(decoding: text, as: UTF8.self)
            framing.note(name: headers[last].0, value: headers[last].1)
            return .more
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else {
            return .malformed("a header without a name")
        }
        if headers.isEmpty {
            headers.reserveCapacity(16)
        }
        let value = Self.trimmed(UnsafeRawBufferPointer(rebasing: text[(colon + 1)...]))
        let header = (
            Self.lowercased(UnsafeRawBufferPointer(rebasing: text[..<colon])),
            String(decoding: UnsafeRawBufferPointer(rebasing: value), as: UTF8.self)
        )
        framing.note(name: header.0, value: header.1)
        headers.append(header)
        return .more
    }

    /// The name in lower case as far as it is ASCII, which names are.
    private static func lowercased(_ name: UnsafeRawBufferPointer) -> String {
        // Most names then fit into the string itself, which a string with room set aside would not know.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: name.count) { lower in
            for index in name.indices {
                let byte = name[index]
                lower.initializeElement(at: index, to: byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
            }
            return String(decoding: UnsafeRawBufferPointer(lower), as: UTF8.self)
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
