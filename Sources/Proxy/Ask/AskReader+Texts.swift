/// `/v1/embeddings`, `/v1/moderations` and `/v1/rerank`: texts that are read, and no text written.
extension AskReader {
    private static let expectedInput = "a string, an array of strings or parts, or one or more arrays of token ids"

    mutating func readTexts(_ member: AskMember) throws(AskError) {
        switch member {
        case .input where ask.kind != .rerank: try readInput()
        case .documents where ask.kind == .rerank: try readDocuments()
        case .query where ask.kind == .rerank: try readQuery()
        case .stream: ask.stream = try readFlag(member.rawValue).isTrue
        case .serviceTier: try readServiceTier()
        case .promptCacheKey: try readPromptCacheKey()
        // Some servers take a conversation here, which would not be counted.
        case .background, .messages: try refuse(member)
        default: try skip()
        }
    }

    private mutating func readInput() throws(AskError) {
        hasInput = true
        switch try peek() {
        case .string: try skip()
        case .array:
            // Token ids side by side are one text.
            var (hasTokens, texts): (Bool, Int64) = (false, 0)
            try elements { reader throws(AskError) in
                switch try reader.peek() {
                case .number: hasTokens = true
                case .string, .array, .object: texts += 1
                default: throw .wrongType(reader.here, expected: Self.expectedInput)
                }
                if try reader.peek() == .object { try reader.readDocument() } else { try reader.skip() }
            }
            ask.inputs = texts + (hasTokens ? 1 : 0)
            guard ask.inputs > 0 else { throw .invalidValue(AskMember.input.rawValue, expected: "a non-empty array") }
        case .null: throw .missing(AskMember.input.rawValue)
        default: throw .wrongType(AskMember.input.rawValue, expected: Self.expectedInput)
        }
    }

    private mutating func readDocuments() throws(AskError) {
        let name = AskMember.documents.rawValue
        guard try peek() == .array else { throw .wrongType(name, expected: "an array") }
        ask.inputs = try elements { reader throws(AskError) in
            switch try reader.peek() {
            case .string: try reader.skip()
            case .object: try reader.readDocument()
            default: throw .wrongType(reader.here, expected: "a string or an object")
            }
        }
        guard ask.inputs > 0 else { throw .invalidValue(name, expected: "a non-empty array") }
        hasInput = true
    }

    private mutating func readQuery() throws(AskError) {
        let before = ask.parts
        let kind = try peek()
        let start = scanner.offset
        switch kind {
        case .string, .null: try skip()
        case .object: try readDocument()
        default: throw .wrongType(AskMember.query.rawValue, expected: "a string or an object")
        }
        ask.repeatedBytes = Int64(scanner.offset - start)
        queryParts = ask.parts - before
    }

    /// The query is read again with each document, its pictures too.
    mutating func finishRanking() {
        // There are at most as many documents as bytes, so the product fits.
        ask.parts += queryParts * (Int(ask.inputs) - 1)
    }

    /// A text with members of its own; one with a picture, sound or film counts as a part.
    mutating func readDocument() throws(AskError) {
        let start = scanner.offset
        var isPart = false
        try members { reader, key throws(AskError) in
            if reader.matches(key, "type") {
                let isText = reader.isText(try reader.readType())
                isPart = isPart || !isText
            } else if reader.matches(key, "file_id") {
                try reader.refuseFile(key)
            } else {
                let isMedia = reader.isMedia(key)
                let value = try reader.skip()
                isPart = isPart || (isMedia && value.kind != .null)
            }
        }
        if isPart { countPart(at: start) }
    }

    private func isMedia(_ key: JSONSpan) -> Bool {
        matches(key, "image") || matches(key, "image_url") || matches(key, "images") || matches(key, "audio")
            || matches(key, "audio_url") || matches(key, "input_audio") || matches(key, "video")
            || matches(key, "video_url") || matches(key, "file") || matches(key, "content")
    }
}
