public import Tenancy

/// How far a reader of usage pages has come: a span of time, and the last group of it that was read.
public struct UsageCursor: Sendable, Equatable {
    /// The start of the span.
    public let start: Timestamp
    /// The group's values; empty: the span was read to its end.
    public let values: [String]

    init(start: Timestamp, values: [String] = []) {
        self.start = start
        self.values = values
    }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let microseconds = Int64(first) else { return nil }
        var values: [String] = []
        for part in parts.dropFirst() {
            guard let value = Self.value(of: part) else { return nil }
            values.append(value)
        }
        self.init(start: Timestamp(microseconds: microseconds), values: values)
        // The library reads signs, leading zeros and digits of both cases, too.
        guard self.text == text else { return nil }
    }

    /// The cursor as clients hand it back: opaque to them, and safe in a URL.
    public var text: String {
        ([String(start.microseconds)] + values.map { SecretBytes.hex(Array($0.utf8)) }).joined(separator: ".")
    }

    private static func value(of text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix(2)
            guard digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
