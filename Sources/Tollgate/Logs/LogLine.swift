/// One event as it is written: constant message, everything else beside it.
struct LogLine: Sendable, Equatable {
    /// RFC 3339.
    let time: String
    let level: String
    /// The logger's label.
    let logger: String
    let message: String
    let fields: [String: JSONValue]

    /// The line in a format, without its end.
    func text(as format: LogFormat) -> String {
        switch format {
        case .json: json
        case .text: plain
        }
    }

    /// Fields are members of their own and cannot replace the fixed ones.
    private var json: String {
        let fixed: [String: JSONValue] = [
            "time": .string(time), "level": .string(level), "logger": .string(logger), "message": .string(message),
        ]
        return String(decoding: JSONValue.object(fields.merging(fixed) { _, fixed in fixed }).bytes, as: UTF8.self)
    }

    private var plain: String {
        let words = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value.plain))" }
        return ([time, level, Self.unbroken(message)] + words).joined(separator: " ")
    }

    /// In quotes where spaces or control characters would break the line apart.
    private static func quoted(_ text: String) -> String {
        let isWord = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && $0 != "\"" }
        return isWord && !text.isEmpty ? text : unbroken(String(decoding: JSONValue.string(text).bytes, as: UTF8.self))
    }

    private static func unbroken(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    $0.properties.generalCategory == .control ? " " : $0
                }))
    }
}
