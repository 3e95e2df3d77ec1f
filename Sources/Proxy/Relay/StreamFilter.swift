import NIOCore

/// Judges the events of one stream: reads usage, and hides it from a client that did not ask for it.
struct StreamFilter {
    private let hidesUsage: Bool
    private let allocator: ByteBufferAllocator
    /// End marks that end the stream: one an image, where images come one by one.
    private var endMarksLeft: Int64
    private(set) var scanner: UsageScanner
    /// Whether a piece of an answer was passed on.
    private(set) var hasContent = false
    /// Whether a choice gave the reason it ended.
    private(set) var hasFinishReason = false
    /// What the answer calls itself; nil unless it is to be read.
    var identity: AnswerIdentity?
    /// The place of the latest event in its stream, where it said so.
    private(set) var sequence: Int64 = -1

    /// - Parameters:
    ///   - dialect: how the stream's events are to be read.
    ///   - hidesUsage: Tollgate asked the backend for usage and the client did not.
    ///   - images: how many images the client asked for.
    init(
        _ dialect: Dialect, hidesUsage: Bool, images: Int64 = 1, allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) {
        self.hidesUsage = hidesUsage
        self.allocator = allocator
        endMarksLeft = max(images, 1)
        scanner = UsageScanner(dialect)
    }

    mutating func judge(_ event: ServerSentEvent) -> StreamVerdict {
        guard let data = event.data, data.readableBytes > 0 else { return .aside(event.raw) }
        if Self.isEndMark(data) { return .end(event.raw) }
        guard let answer = scanner.read(data) else { return .failure(.malformed) }
        if answer.hasError || event.isNamed("error") { return .failure(BackendErrorObject.fault(data)) }
        if let number = answer.sequence { sequence = number }
        identity?.read(data)
        switch answer.event {
        case .content: break
        case .aside: return .aside(event.raw)
        case .failure: return .failure(BackendErrorObject.fault(data))
        case .failedEnd: return .failedEnd(event.raw, BackendErrorObject.fault(data))
        case .end:
            hasContent = true
            endMarksLeft -= 1
            return endMarksLeft > 0 ? .forward(event.raw) : .end(event.raw)
        }
        return judge(answer, data, event)
    }

    /// An event with a piece of the answer.
    private mutating func judge(
        _ answer: AnswerReading, _ data: ByteBuffer, _ event: ServerSentEvent
    ) -> StreamVerdict {
        if answer.hasFinishReason { hasFinishReason = true }
        if hidesUsage, answer.usage.isReported, !answer.hasChoices { return .drop }
        // Events of other dialects have a type in place of choices.
        if answer.hasChoices || scanner.dialect != .openAI { hasContent = true }
        var bytes = event.raw
        if hidesUsage, let member = answer.usageMember { bytes = cut(member, from: data, of: event) }
        // Some servers send no end mark: a client may take either of these for the end.
        let mayBeLast = answer.hasFinishReason || answer.usage.isReported && !answer.hasChoices
        return mayBeLast && scanner.dialect.mayLackEndMark ? .maybeLast(bytes) : .forward(bytes)
    }

    /// The event without the member; not a byte of it but the member's is touched.
    private func cut(_ member: JSONMember, from data: ByteBuffer, of event: ServerSentEvent) -> ByteBuffer {
        let removal = data.withUnsafeReadableBytes { member.removal(in: $0) }
        let (start, end) = (event.place(ofData: removal.lowerBound), event.place(ofData: removal.upperBound))
        var result = allocator.buffer(capacity: event.raw.readableBytes)
        event.raw.withUnsafeReadableBytes { bytes in
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<start]))
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[end...]))
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
