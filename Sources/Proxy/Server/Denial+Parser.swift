import NIOHTTP1

extension Denial {
    /// Of bytes that the parser gave up on.
    static func notParsed(_ error: HTTPParserError) -> Denial {
        error == .headerOverflow ? .headersTooLarge : .malformedRequest("The bytes are not HTTP/1.1.")
    }
}
