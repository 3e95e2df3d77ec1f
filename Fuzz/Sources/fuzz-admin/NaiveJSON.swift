@testable import AdminAPI

/// RFC 8259 rule by rule over Unicode scalars, with the bounds the Admin API sets; what its parser is compared with.
struct NaiveJSON {
    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
    ]

    private var rest: ArraySlice<Unicode.Scalar>

    /// The one value of a text; nil for what is none.
    static func read(_ bytes: [UInt8]) -> JSONValue? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = NaiveJSON(rest: Array(text.unicodeScalars)[...])
        guard let value = reader.value(depth: 0) else { return nil }
        guard reader.rest.isEmpty else { return nil }
        return value
    }

    /// A value with the white space around it.
    private mutating func value(depth: Int) -> JSONValue? {
        guard depth <= 32 else { return nil }
        skipSpace()
        defer { skipSpace() }
        for (word, value) in [("null", JSONValue.null), ("true", .bool(true)), ("false", .bool(false))]
        where rest.starts(with: word.unicodeScalars) {
            rest = rest.dropFirst(word.unicodeScalars.count)
            return value
        }
        switch rest.first {
        case "{": return object(depth: depth)
        case "[": return array(depth: depth)
        case "\"": return string().map { .string($0) }
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> JSONValue? {
        var members: [JSONMember] = []
        rest.removeFirst()
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard rest.first == "\"", let name = string(), !members.contains(where: { $0.name == name }) else {
                return nil
            }
            skipSpace()
            guard take(":"), let value = self.value(depth: depth + 1) else { return nil }
            members.append(JSONMember(name, value))
        } while take(",")
        guard take("}") else { return nil }
        return .object(members)
    }

    private mutating func array(depth: Int) -> JSONValue? {
        var values: [JSONValue] = []
        rest.removeFirst()
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            guard let value = self.value(depth: depth + 1) else { return nil }
            values.append(value)
        } while take(",")
        guard take("]") else { return nil }
        return .array(values)
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() -> JSONValue? {
        var text = ""
        if take("-") { text = "-" }
        let whole = digits()
        guard !whole.isEmpty, whole == "0" || !whole.hasPrefix("0") else { return nil }
        text += whole
        if take(".") {
            let fraction = digits()
            guard !fraction.isEmpty else { return nil }
            text += "." + fraction
        }
        if let mark = rest.first, mark == "e" || mark == "E" {
            rest.removeFirst()
            text.unicodeScalars.append(mark)
            if take("+") { text += "+" } else if take("-") { text += "-" }
            let power = digits()
            guard !power.isEmpty else { return nil }
            text += power
        }
        return .number(text)
    }

    private mutating func digits() -> String {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        return String(String.UnicodeScalarView(digits))
    }

    private mutating func string() -> String? {
        rest.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return String(text) }
            guard scalar.value >= 0x20 else { return nil }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let letter = rest.popFirst(), let meant = letter == "u" ? escaped() : Self.escapes[letter] else {
                return nil
            }
            text.append(meant)
        }
        return nil
    }

    /// What four hexadecimal digits stand for, or two times four with a second escape between.
    private mutating func escaped() -> Unicode.Scalar? {
        guard let unit = self.unit() else { return nil }
        guard 0xD800...0xDFFF ~= unit else { return Unicode.Scalar(unit) }
        guard unit < 0xDC00, take("\\"), take("u"), let low = self.unit(), 0xDC00...0xDFFF ~= low else { return nil }
        return Unicode.Scalar((unit - 0xD800) * 0x400 + (low - 0xDC00) + 0x10000)
    }

    private mutating func unit() -> UInt32? {
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.properties.isASCIIHexDigit }) else { return nil }
        rest = rest.dropFirst(4)
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
    }
}
