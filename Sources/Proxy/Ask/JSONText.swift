/// Strings and numbers between their JSON spelling and Swift.
enum JSONText {
    /// The string a checked span spells, of a long one only the beginning; half a surrogate pair becomes U+FFFD.
    ///
    /// Swift compares and hashes texts by what their characters are made of, which takes the square of as many as stand
    /// in one place, and no name is so long.
    static func string(_ span: JSONSpan, in bytes: UnsafeRawBufferPointer, atMost limit: Int = 1024) -> String {
        let content = UnsafeRawBufferPointer(rebasing: bytes[span.start + 1..<span.end - 1].prefix(limit))
        return span.isEscaped ? unescaped(content) : String(decoding: content, as: UTF8.self)
    }

    /// The text as a JSON string with its quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// How many Unicode scalars a checked string spells; a surrogate pair is one.
    static func scalars(_ span: JSONSpan, in bytes: UnsafeRawBufferPointer) -> Int64 {
        var count: Int64 = 0
        var position = span.start + 1
        let end = span.end - 1
        while position < end {
            let byte = bytes[position]
            if byte != UInt8(ascii: "\\") {
                if byte & 0xC0 != 0x80 { count += 1 }
                position += 1
            } else if position + 6 <= end, bytes[position + 1] == UInt8(ascii: "u"),
                let unit = codeUnit(bytes, at: position + 2)
            {
                if unit & 0xFC00 != 0xDC00 { count += 1 }
                position += 6
            } else {
                count += 1
                position += 2
            }
        }
        return count
    }

    /// The integer a checked number spells; nil if it has a fraction or an exponent, or leaves 64 bits.
    static func integer(_ span: JSONSpan, in bytes: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = bytes[span.start] == UInt8(ascii: "-")
        var magnitude: Int64 = 0
        for byte in bytes[span.start + (isNegative ? 1 : 0)..<span.end] {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (scaled, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = scaled.addingReportingOverflow(Int64(digit))
            guard !overflow, !carried else { return nil }
            magnitude = sum
        }
        return isNegative ? -magnitude : magnitude
    }

    /// The four hexadecimal digits at `start`, which the caller has checked to be within the bytes.
    static func codeUnit(_ bytes: UnsafeRawBufferPointer, at start: Int) -> UInt16? {
        var unit: UInt16 = 0
        for byte in bytes[start..<start + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }

    private static func unescaped(_ content: UnsafeRawBufferPointer) -> String {
        var units: [UInt16] = []
        var result = ""
        var position = 0
        var plain = 0
        while position < content.count {
            guard content[position] == UInt8(ascii: "\\"), position + 1 < content.count else {
                position += 1
                continue
            }
            result += String(decoding: content[plain..<position], as: UTF8.self)
            // A run of \u escapes is decoded in one piece, so that surrogates find their partners.
            units.removeAll(keepingCapacity: true)
            while position + 6 <= content.count, content[position] == UInt8(ascii: "\\"),
                content[position + 1] == UInt8(ascii: "u"), let unit = codeUnit(content, at: position + 2)
            {
                units.append(unit)
                position += 6
            }
            if units.isEmpty {
                result.unicodeScalars.append(character(after: content[position + 1]))
                position += 2
            } else {
                result += String(decoding: units, as: UTF16.self)
            }
            plain = position
        }
        return result + String(decoding: content[plain...], as: UTF8.self)
    }

    private static func character(after backslash: UInt8) -> Unicode.Scalar {
        switch backslash {
        case UInt8(ascii: "b"): "\u{8}"
        case UInt8(ascii: "f"): "\u{C}"
        case UInt8(ascii: "n"): "\n"
        case UInt8(ascii: "r"): "\r"
        case UInt8(ascii: "t"): "\t"
        default: Unicode.Scalar(backslash)
        }
    }
}
