import NIOCore

/// `/v1/audio/transcriptions`: a form with the audio file beside its parameters.
extension Ask {
    private static let formats = ["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
    /// Bytes of a parameter that is read.
    private static let textBytesAtMost = 1024
    /// Names that must not come twice, or in other letters.
    private static let single: Set = ["model", "file", "stream", "response_format"]

    static func transcription(
        _ bytes: UnsafeRawBufferPointer, contentType: String?
    ) throws(AskError) -> Ask {
        guard let contentType, let boundary = boundary(of: contentType) else {
            let message = "The content type must be 'multipart/form-data' with one boundary of 1 to 70 characters."
            throw AskError(code: "invalid_content_type", param: nil, message: message)
        }
        let form = try MultipartForm(bytes, boundary: boundary)
        var ask = Ask(kind: .transcription, model: "", bodyBytes: bytes.count, contentType: contentType)
        var seen: Set<String> = []
        for part in form.parts {
            let name = part.name
            if single.contains(name) {
                guard seen.insert(name).inserted else { throw .duplicateKey(name, at: part.content.lowerBound) }
            } else if single.contains(name.lowercased()) {
                throw .unsupported(name)
            }
            try ask.read(part, in: bytes)
        }
        guard seen.contains("file") else { throw .missing("file") }
        guard !ask.model.isEmpty else { throw .missing("model") }
        return ask
    }

    private mutating func read(_ part: MultipartForm.Part, in bytes: UnsafeRawBufferPointer) throws(AskError) {
        switch part.name {
        case "model":
            model = try Self.text(part, in: bytes)
            edits.model = part.content
        case "file":
            audioBytes = Int64(part.content.count)
            countFile("file")
        case "stream":
            switch try Self.text(part, in: bytes).lowercased() {
            case "true", "1": stream = true
            case "false", "0", "": break
            default: throw .wrongType("stream", expected: "a boolean")
            }
        case "response_format":
            guard Self.formats.contains(try Self.text(part, in: bytes)) else {
                throw .invalidValue("response_format", expected: "one of " + Self.formats.joined(separator: ", "))
            }
        // Some backends fetch the audio themselves, which tells nothing of its length.
        case "url", "file_id", "file_url": throw .unsupported(part.name)
        default:
            // Samples of a speaker's voice are read as the file is.
            if part.isFile || part.name.hasPrefix("known_speaker_references") { countFile(part.name) }
        }
    }

    private mutating func countFile(_ name: String) {
        parts += 1
        if firstPart == nil { firstPart = name }
    }

    private static func text(_ part: MultipartForm.Part, in bytes: UnsafeRawBufferPointer) throws(AskError) -> String {
        guard !part.isFile, part.content.count <= textBytesAtMost,
            let text = String(validating: bytes[part.content], as: UTF8.self)
        else {
            throw .wrongType(part.name, expected: "text of at most \(textBytesAtMost) bytes")
        }
        return text
    }

    /// The boundary of a form's content type; nil if it is no form, or names none, two or a bad one.
    private static func boundary(of contentType: String) -> String? {
        var contentType = contentType
        return contentType.withUTF8 { text in
            var reader = HeaderParameters(UnsafeRawBufferPointer(text))
            guard reader.word()?.lowercased() == "multipart/form-data" else { return nil }
            var boundary: String?
            while true {
                switch reader.next() {
                case .malformed: return nil
                case .end: return boundary.flatMap { isBoundary($0) ? $0 : nil }
                case .parameter(let name, let value):
                    guard name == "boundary" else { continue }
                    guard boundary == nil else { return nil }
                    boundary = value
                }
            }
        }
    }

    /// RFC 2046 §5.1.1.
    private static func isBoundary(_ text: String) -> Bool {
        let others = Array("'()+_,-./:=? ".utf8)
        return (1...70).contains(text.utf8.count) && !text.hasSuffix(" ")
            && text.utf8.allSatisfy { byte in
                0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || others.contains(byte)
            }
    }
}
