/// The name of a form's part: `form-data; name="model"; filename="a.wav"`.
struct MultipartDisposition {
    private(set) var name = ""
    /// Bytes of the name.
    private static let nameBytesAtMost = 256

    /// Whether it has a file name, whatever that is.
    private(set) var isFile = false

    /// Reads the value of a `Content-Disposition` field.
    init(_ value: UnsafeRawBufferPointer) throws(AskError) {
        var reader = HeaderParameters(value)
        guard reader.word()?.lowercased() == "form-data" else { throw .malformedForm("a part that is no form data") }
        var hasName = false
        while let parameter = try Self.next(&reader) {
            switch parameter.name {
            case "name":
                guard !hasName else { throw .malformedForm("a part with two names") }
                hasName = true
                name = parameter.value
            case "filename": isFile = true
            // A second spelling, whole or in pieces (RFC 2231), which some readers prefer.
            case let other where other.hasPrefix("name*"):
                throw .malformedForm("a part whose name has an encoding")
            case let other where other.hasPrefix("filename*"): isFile = true
            default: break
            }
        }
        // Readers disagree about escapes, so a name has none.
        let isPlain = name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
        guard hasName, 1...Self.nameBytesAtMost ~= name.utf8.count, isPlain else {
            throw .malformedForm("a part without a plain name")
        }
    }

    private static func next(_ reader: inout HeaderParameters) throws(AskError) -> (name: String, value: String)? {
        switch reader.next() {
        case .parameter(let name, let value): (name, value)
        case .end: nil
        case .malformed: throw .malformedForm("a content disposition that cannot be read")
        }
    }
}
