import NIOCore

/// The parameters of a request that a trace names: numbers only, never content.
enum RequestParameters {
    private static let numbers: [(member: StaticString, attribute: String)] = [
        ("temperature", "gen_ai.request.temperature"), ("top_p", "gen_ai.request.top_p"),
        ("top_k", "gen_ai.request.top_k"), ("frequency_penalty", "gen_ai.request.frequency_penalty"),
        ("presence_penalty", "gen_ai.request.presence_penalty"),
    ]
    /// A longer number is none that anybody chose.
    private static let numberBytes = 32
    /// A longer body is not read a second time: it is the event loop that reads it.
    private static let bodyBytes = 128 * 1024

    /// What the top level of a JSON body says; nothing if it is none, or long.
    static func read(_ body: ByteBuffer) -> [Span.Attribute] {
        if body.readableBytes > bodyBytes { return [] }
        return body.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            var found: [Span.Attribute] = []
            do throws(JSONFault) {
                try scanner.enterObject()
                while let key = try scanner.nextKey() {
                    let value = try scanner.skipValue()
                    guard let attribute = attribute(key, value, scanner) else { continue }
                    // A refused body may repeat one a million times.
                    if !found.contains(where: { $0.name == attribute.name }) { found.append(attribute) }
                }
            } catch {
                return []
            }
            return found
        }
    }

    private static func attribute(_ key: JSONSpan, _ value: JSONSpan, _ scanner: JSONScanner) -> Span.Attribute? {
        guard value.kind == .number, value.end - value.start <= numberBytes else { return nil }
        if scanner.spells(key, "seed") {
            return JSONText.integer(value, in: scanner.bytes).map {
                Span.Attribute(name: "gen_ai.request.seed", value: .integer($0))
            }
        }
        guard let known = numbers.first(where: { scanner.spells(key, $0.member) }) else { return nil }
        let text = String(decoding: scanner.bytes[value.start..<value.end], as: UTF8.self)
        return Span.Attribute(name: known.attribute, value: .number(text))
    }
}
