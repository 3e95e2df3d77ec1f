/// What a response head says about where its body ends and how it is coded.
struct ResponseFraming: Equatable {
    /// Each answer has a stream of its own on the connection, as in HTTP/2; nothing can follow its end.
    var isStreamed = false
    /// The body is coded although identity was asked for: nobody here would decode it.
    private(set) var isCoded = false
    private(set) var isChunked = false
    /// The body's length where the head gives it.
    var length: Int64?
    private var hasTwoLengths = false

    /// It says in two ways where the body ends.
    var isContradictory: Bool { hasTwoLengths || isChunked && length != nil }

    /// Takes one header.
    mutating func note(name: String, value: String) {
        // Most headers are told apart by the length of their name alone.
        switch name.utf8.count {
        case 14 where FieldName.matches(name, "content-length"):
            let stated = Int64(value)
            hasTwoLengths = hasTwoLengths || length != nil && length != stated
            length = stated
        case 16 where FieldName.matches(name, "content-encoding"):
            isCoded = isCoded || !(value.isEmpty || value.lowercased() == "identity")
        case 17 where FieldName.matches(name, "transfer-encoding"):
            let coding = value.lowercased()
            isChunked = isChunked || coding == "chunked"
            // Without a value yet where the line below has it.
            isCoded = isCoded || !["chunked", "identity", ""].contains(coding)
        default: return
        }
    }
}
