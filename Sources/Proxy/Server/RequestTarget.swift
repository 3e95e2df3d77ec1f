/// The parts of a request target, in origin form (`/path?query`) or in absolute form (`http://host/path?query`); pure.
enum RequestTarget {
    /// The path: without the query, and in absolute form without scheme and authority.
    static func path(of target: String) -> Substring {
        var path = target[...]
        if let start = authorityStart(of: target) {
            path = Substring(target.utf8[start...].drop { !isDelimiter($0) })
            if path.utf8.first != UInt8(ascii: "/") { return "/" }
        }
        let count = path.withUTF8 { bytes in
            bytes.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.count
        }
        return path[..<path.utf8.index(path.startIndex, offsetBy: count)]
    }

    /// The authority of a target in absolute form; nil in any other form.
    static func authority(of target: String) -> Substring? {
        authorityStart(of: target).map { Substring(target.utf8[$0...].prefix { !isDelimiter($0) }) }
    }

    private static func authorityStart(of target: String) -> String.Index? {
        // Nearly every target; nothing else is looked at then.
        if target.utf8.first == UInt8(ascii: "/") { return nil }
        for scheme: StaticString in ["http://", "https://"] where FieldName.begins(target, with: scheme) {
            return target.utf8.index(target.startIndex, offsetBy: scheme.utf8CodeUnitCount)
        }
        return nil
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }
}
