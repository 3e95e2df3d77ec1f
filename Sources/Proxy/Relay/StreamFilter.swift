import NIOCore

/// Judges the events of one OpenAI stream: reads usage, and hides it from a client that did not ask for it.
struct StreamFilter {
    private let hidesUsage: Bool
    private let allocator: ByteBufferAllocator
    private(set) var scanner = UsageScanner()
    /// Whether a piece of an answer was passed on.
    private(set) var hasContent = false
    /// Whether a choice gave the reason it ended.
    private(set) var hasFinishReason = false
    /// Events whose data was no JSON object; they are passed on as they came.
    private(set) var malformedEvents = 0

    /// - Parameter hidesUsage: Tollgate asked the backend for usage and the client did not.
    init(hidesUsage: Bool, allocator: ByteBufferAllocator = ByteBufferAllocator()) {
        self.hidesUsage = hidesUsage
        self.allocator = allocator
    }

    mutating func judge(_ event: ServerSentEvent) -> StreamVerdict {
        guard let data = event.data else { return .forward(event.raw) }
        if Self.isEndMark(data) { return .end(event.raw) }
        guard let answer = scanner.read(data) else {
            malformedEvents += 1
            return .forward(event.raw)
        }
        if answer.hasError { return .failure(event.raw, afterContent: hasContent) }
        if answer.hasFinishReason { hasFinishReason = true }
        if hidesUsage, answer.usage.isReported, !answer.hasChoices { return .drop }
        if answer.hasChoices { hasContent = true }
        guard hidesUsage, let member = answer.usageMember else { return .forward(event.raw) }
        return .forward(cut(member, from: data, of: event))
    }

    private func cut(_ member: JSONMember, from data: ByteBuffer, of event: ServerSentEvent) -> ByteBuffer {
        let removal = data.withUnsafeReadableBytes { member.removal(in: $0) }
        if let line = event.singleLine {
            return without(line.lowerBound + removal.lowerBound..<line.lowerBound + removal.upperBound, in: event.raw)
        }
        let rest = without(removal, in: data)
        var result = allocator.buffer(capacity: event.raw.readableBytes)
        let name = event.name
        if !name.isEmpty { result.writeString("event: \(name)\n") }
        // Between JSON values a line feed is space, so the joined data can be split where its lines were.
        for line in rest.readableBytesView.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            result.writeStaticString("data: ")
            result.writeBytes(line)
            result.writeStaticString("\n")
        }
        result.writeStaticString("\n")
        return result
    }

    private func without(_ range: Range<Int>, in buffer: ByteBuffer) -> ByteBuffer {
        var result = allocator.buffer(capacity: buffer.readableBytes)
        buffer.withUnsafeReadableBytes { bytes in
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<range.lowerBound]))
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range.upperBound...]))
        }
        return result
    }

    private static func isEndMark(_ data: ByteBuffer) -> Bool {
        data.withUnsafeReadableBytes { bytes in
            let mark: StaticString = "[DONE]"
            let length = mark.utf8CodeUnitCount
            guard bytes.count >= length, bytes[0] == mark.utf8Start[0] else { return false }
            for index in 1..<length where bytes[index] != mark.utf8Start[index] { return false }
            return bytes[length...].allSatisfy(JSONScanner.isSpace)
        }
    }
}
