/// Builds one JSON object as bytes, member by member.
struct JSONLine {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]
    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// A member with a text; null for nil.
    mutating func text(_ name: String, _ value: String?) {
        member(name)
        if let value { Self.append(value, to: &bytes) } else { bytes += "null".utf8 }
    }

    /// A member with a number, or a word such as `true`, as it is written; null for nil.
    mutating func raw(_ name: String, _ value: String?) {
        member(name)
        bytes += (value ?? "null").utf8
    }

    /// A member whose value was written already.
    mutating func raw(_ name: String, _ value: [UInt8]) {
        member(name)
        bytes += value
    }

    /// Ends the object.
    mutating func end() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// An object of texts in order of their names' bytes.
    static func object(_ texts: [String: String]) -> String {
        var line = JSONLine()
        for (name, value) in texts.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            line.text(name, value)
        }
        return String(decoding: line.end(), as: UTF8.self)
    }

    /// An array of what was written already.
    static func array(_ values: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "[")] + values.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }

    private mutating func member(_ name: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        Self.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { append($0, to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        // Nearly all texts are as they are; a month has tens of millions of them.
        guard text.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            bytes.append(contentsOf: text)
            return
        }
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                bytes += #"\u00"#.utf8
                bytes += [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
    }
}
