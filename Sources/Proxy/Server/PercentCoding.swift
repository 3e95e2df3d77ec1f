/// Percent escapes of request targets; pure.
public enum PercentCoding {
    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)

    /// Decodes once; a bad escape stays as it is, and simply names nothing.
    static func decoded(_ text: Substring) -> String {
        String(decoding: bytes(of: text).bytes, as: UTF8.self)
    }

    /// Decodes once; nil with an escape that is none, or that makes no UTF-8. (Foundation mends some of the latter.)
    public static func exact(_ text: some StringProtocol) -> String? {
        let (bytes, isWhole) = bytes(of: text)
        return isWhole ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// Everything but letters, digits, `-._~` and what is kept as escapes.
    public static func encoded(_ text: String, keeping kept: String = "") -> String {
        let safe = unreserved.union(kept.utf8)
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            safe.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes, and whether each percent sign began an escape.
    private static func bytes(of text: some StringProtocol) -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        var isWhole = true
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, digits.allSatisfy(isHexDigit),
                let value = UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
                isWhole = isWhole && byte != UInt8(ascii: "%")
            }
        }
        return (bytes, isWhole)
    }

    /// The standard library would take a sign, too.
    private static func isHexDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x46 ~= byte || 0x61...0x66 ~= byte
    }
}
