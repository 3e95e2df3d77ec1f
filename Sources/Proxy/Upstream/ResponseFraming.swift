/// What a response head says about where its body ends and how it is coded.
struct ResponseFraming: Equatable {
    /// Each answer has a stream of its own on the connection, as in HTTP/2; nothing can follow its end.
    var isStreamed = false
    /// The body is coded although identity was asked for: nobody here would decode it.
    private(set) var isCoded = false
    private(set) var isChunked = false
    /// The body's length where the head gives it.
    var length: Int64?
    /// A length is none, or another than the one before; or what was said of chunks is taken back.
    private var isDoubtful = false

    /// Why a contradictory one is refused.
    static let contradiction = "the response head leaves open where its body ends"

    /// Two readers of it may find different ends of the body.
    var isContradictory: Bool { isDoubtful || isChunked && length != nil }

    /// Takes one header.
    mutating func note(name: String, value: String) {
        // Most headers are told apart by the length of their name alone.
        switch name.utf8.count {
        case 14 where FieldName.matches(name, "content-length"):
            let stated = value.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int64(value) : nil
            // Without a value yet where the line below has it.
            isDoubtful = isDoubtful || length != nil && length != stated || stated == nil && !value.isEmpty
            length = stated
        case 16 where FieldName.matches(name, "content-encoding"):
            isCoded = isCoded || !(value.isEmpty || FieldName.matches(value, "identity"))
        case 17 where FieldName.matches(name, "transfer-encoding"):
            let isChunks = FieldName.matches(value, "chunked")
            isDoubtful = isDoubtful || isChunked && !isChunks
            isChunked = isChunked || isChunks
            isCoded = isCoded || !(isChunks || value.isEmpty || FieldName.matches(value, "identity"))
        default: return
        }
    }
}
