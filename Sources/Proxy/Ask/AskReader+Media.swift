/// `/v1/images/generations` and `/v1/audio/speech`: little text read, a picture or sound made.
extension AskReader {
    static let highestImages: Int64 = 10
    static let highestPartialImages: Int64 = 3
    /// Longer words for a size or quality name no price.
    private static let tierBytes = 32

    mutating func readImages(_ member: AskMember) throws(AskError) {
        switch member {
        case .prompt: try readText(member)
        case .n:
            number = try readInteger(member.rawValue, in: 1...Self.highestImages)?.number ?? 1
        case .partialImages:
            partialImages = try readInteger(member.rawValue, in: 0...Self.highestPartialImages)?.number ?? 0
        case .size: size = try readTierWord(member)
        case .quality: quality = try readTierWord(member)
        case .stream: ask.stream = try readFlag(member.rawValue).isTrue
        case .serviceTier: try readServiceTier()
        case .image, .images, .imageURL, .mask: try readPictures()
        case .tools, .messages, .bestOf: try refuse(member)
        default: try skip()
        }
    }

    /// Each image and each partial image of it may take the model's whole output.
    mutating func finishImages() {
        ask.images = number
        ask.choices = number * (partialImages + 1)
        ask.priceTiers = UsageScanner.imageTiers(quality: quality, size: size)
    }

    private mutating func readTierWord(_ member: AskMember) throws(AskError) -> String? {
        let value = try skip()
        if value.kind == .null { return nil }
        guard value.kind == .string else { throw .wrongType(member.rawValue, expected: "a string") }
        if matches(value, "auto") || value.end - value.start > Self.tierBytes { return nil }
        return text(value)
    }

    /// Pictures to start from, which some servers take on this route.
    private mutating func readPictures() throws(AskError) {
        let kind = try peek()
        let start = scanner.offset
        switch kind {
        case .null: try skip()
        case .array:
            try elements { reader throws(AskError) in
                let isObject = try reader.peek() == .object
                let start = reader.scanner.offset
                if isObject { try reader.refuseFiles() } else { try reader.skip() }
                reader.countPart(at: start)
            }
        case .object:
            try refuseFiles()
            countPart(at: start)
        default:
            try skip()
            countPart(at: start)
        }
    }

    /// Visits the object that is next: no file at the provider.
    mutating func refuseFiles() throws(AskError) {
        try members { reader, key throws(AskError) in
            if reader.matches(key, "file_id") { try reader.refuseFile(key) } else { try reader.skip() }
        }
    }

    mutating func readSpeech(_ member: AskMember) throws(AskError) {
        switch member {
        case .input:
            let value = try readText(member)
            ask.characters = JSONText.scalars(value, in: scanner.bytes)
        case .voice: try readVoice()
        case .stream: if try readFlag(member.rawValue).isTrue { ask.stream = true }
        case .streamFormat:
            let value = try skip()
            if value.kind == .string, matches(value, "sse") { ask.stream = true }
        case .serviceTier: try readServiceTier()
        case .tools, .messages, .n, .bestOf: try refuse(member)
        default: try skip()
        }
    }

    @discardableResult
    private mutating func readText(_ member: AskMember) throws(AskError) -> JSONSpan {
        let value = try skip()
        if value.kind == .null { throw .missing(member.rawValue) }
        guard value.kind == .string else { throw .wrongType(member.rawValue, expected: "a string") }
        hasInput = true
        return value
    }
}
