import NIOCore

/// Replacements in a body by byte offset, written in one go into one new buffer.
struct BodySplice {
    private var edits: [(range: Range<Int>, text: String)] = []

    mutating func replace(_ range: Range<Int>, with text: String) {
        edits.append((range, text))
    }

    mutating func insert(_ text: String, at offset: Int) {
        edits.append((offset..<offset, text))
    }

    /// The edited copy, or the body itself without edits. Ranges must not overlap and must lie in the body.
    func applied(to body: ByteBuffer, allocator: ByteBufferAllocator) -> ByteBuffer {
        guard !edits.isEmpty else { return body }
        let ordered = edits.sorted { left, right in
            (left.range.lowerBound, left.range.upperBound) < (right.range.lowerBound, right.range.upperBound)
        }
        let added = edits.reduce(0) { $0 + $1.text.utf8.count }
        var result = allocator.buffer(capacity: body.readableBytes + added)
        body.withUnsafeReadableBytes { bytes in
            var position = 0
            for edit in ordered {
                result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[position..<edit.range.lowerBound]))
                result.writeString(edit.text)
                position = edit.range.upperBound
            }
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[position...]))
        }
        return result
    }
}
