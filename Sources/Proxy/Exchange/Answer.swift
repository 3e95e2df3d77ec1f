import NIOCore

/// How the answer of the attempt at hand is handled.
enum Answer {
    /// No head yet.
    case none
    /// A body held whole until the entry is on disk.
    case whole(contentType: String, body: ByteBuffer)
    /// Server-sent events, relayed as they come.
    case events(EventRelay)
    /// A body too long to be held, or no JSON, relayed as it comes.
    case body(BodyRelay)
    /// A status that is not the client's to see; its body is thrown away.
    case useless
    /// A success of a sort that answers no call: not the client's to see, but what it reports was used.
    case odd(body: ByteBuffer)

    /// What a head with this status, type and length calls for.
    static func begin(
        _ head: UpstreamHead, fault: AttemptFault?, dialect: Dialect, hidesUsage: Bool, images: Int64
    ) -> Answer {
        if fault != nil { return 200..<300 ~= head.status ? .odd(body: ByteBuffer()) : .useless }
        let type = printable(head.first("content-type")) ?? "application/json"
        guard head.status == 200 else { return .whole(contentType: type, body: ByteBuffer()) }
        if type.hasPrefix("text/event-stream") {
            return .events(EventRelay(dialect, hidesUsage: hidesUsage, images: images))
        }
        let length = head.first("content-length").flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
        let isJSON = !dialect.mayBeOtherThanJSON || Self.isJSON(type)
        if isJSON, length ?? 0 <= BodyRelay.wholeBytes { return .whole(contentType: type, body: ByteBuffer()) }
        return .body(BodyRelay(dialect, contentType: type, length: length, isJSON: isJSON))
    }

    private static func isJSON(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return name == "application/json" || name.hasSuffix("+json")
    }

    /// A backend's words go into our head only if they cannot break it.
    private static func printable(_ value: String?) -> String? {
        guard let value, value.utf8.count <= 256, value.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
        return value
    }
}
