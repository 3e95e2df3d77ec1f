/// Finds lines and the end of an event in bytes that arrive piece by piece; offsets count from the event's start.
struct ServerSentEventLines {
    /// The first data line's value.
    private(set) var data: Range<Int>?
    /// The values of further data lines.
    private(set) var moreData: [Range<Int>] = []
    /// The event line's value.
    private(set) var name: Range<Int>?
    private var lineStart = 0
    /// No line end lies between the line's start and here.
    private var scanned = 0

    /// Reads on in the event's bytes, of which there are more than last time.
    ///
    /// - Returns: the length of the event with its blank line; nil if it has not ended yet.
    mutating func advance(
        in bytes: UnsafeRawBufferPointer, isStreamStart: Bool, isStreamEnd: Bool, lineLimit: Int
    ) throws(ServerSentEventsFault) -> Int? {
        while true {
            let lineEnd = ByteSearch.first(UInt8(ascii: "\n"), UInt8(ascii: "\r"), in: bytes, from: scanned)
            guard lineEnd - lineStart <= lineLimit else { throw .lineTooLong }
            scanned = lineEnd
            guard lineEnd < bytes.count else {
                if isStreamEnd, lineStart < lineEnd { read(lineStart..<lineEnd, in: bytes, isStreamStart) }
                return nil
            }
            var next = lineEnd + 1
            if bytes[lineEnd] == UInt8(ascii: "\r") {
                // The line feed that belongs to it may still be on its way.
                guard next < bytes.count || isStreamEnd else { return nil }
                if next < bytes.count, bytes[next] == UInt8(ascii: "\n") { next += 1 }
            }
            if lineEnd == lineStart { return next }
            read(lineStart..<lineEnd, in: bytes, isStreamStart)
            lineStart = next
            scanned = next
        }
    }

    private mutating func read(_ line: Range<Int>, in bytes: UnsafeRawBufferPointer, _ isStreamStart: Bool) {
        var start = line.lowerBound
        if isStreamStart, start == 0, bytes[line].starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        guard start < line.upperBound else { return }
        switch bytes[start] {
        case UInt8(ascii: "d"):
            guard let value = Self.value(of: "data", in: bytes, start..<line.upperBound) else { return }
            if data == nil { data = value } else { moreData.append(value) }
        case UInt8(ascii: "e"):
            if let value = Self.value(of: "event", in: bytes, start..<line.upperBound) { name = value }
        default: return
        }
    }

    /// What follows the field's name, its colon and one space; nil if the line is another field's.
    private static func value(
        of field: StaticString, in bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) -> Range<Int>? {
        let length = field.utf8CodeUnitCount
        guard line.count >= length else { return nil }
        for index in 0..<length where bytes[line.lowerBound + index] != field.utf8Start[index] { return nil }
        var start = line.lowerBound + length
        guard start < line.upperBound else { return start..<start }
        guard bytes[start] == UInt8(ascii: ":") else { return nil }
        start += 1
        if start < line.upperBound, bytes[start] == UInt8(ascii: " ") { start += 1 }
        return start..<line.upperBound
    }
}
