import NIOCore

/// One event of a stream, as the bytes that came.
struct ServerSentEvent {
    /// All bytes of the event, the blank line that ends it included.
    let raw: ByteBuffer
    /// Whether the stream itself ended the event; false for the rest that `finish` completed.
    let isComplete: Bool
    private let lines: ServerSentEventLines

    init(raw: ByteBuffer, isComplete: Bool, lines: ServerSentEventLines) {
        self.raw = raw
        self.isComplete = isComplete
        self.lines = lines
    }

    /// The value of the `event:` line; empty without one.
    var name: String {
        lines.name.flatMap { raw.getString(at: raw.readerIndex + $0.lowerBound, length: $0.count) } ?? ""
    }

    /// Whether the value of the `event:` line is `name`.
    func isNamed(_ name: StaticString) -> Bool {
        guard let range = lines.name, range.count == name.utf8CodeUnitCount else { return false }
        return raw.withUnsafeReadableBytes { bytes in
            zip(bytes[range], 0..<range.count).allSatisfy { $0 == name.utf8Start[$1] }
        }
    }

    /// The data lines joined by LF; nil without a data line, as in a comment.
    var data: ByteBuffer? {
        guard let first = lines.data else { return nil }
        guard var joined = slice(first), !lines.moreData.isEmpty else { return slice(first) }
        for range in lines.moreData {
            joined.writeInteger(UInt8(ascii: "\n"))
            if let line = slice(range) { joined.writeImmutableBuffer(line) }
        }
        return joined
    }

    /// Where in `raw`, counted from the reader index, the byte of the joined data at `offset` lies; the end of a
    /// line is that line's.
    func place(ofData offset: Int) -> Int {
        guard var line = lines.data else { return 0 }
        var start = 0
        for next in lines.moreData where offset > start + line.count {
            start += line.count + 1
            line = next
        }
        return line.lowerBound + min(offset - start, line.count)
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer? {
        raw.getSlice(at: raw.readerIndex + range.lowerBound, length: range.count)
    }
}
