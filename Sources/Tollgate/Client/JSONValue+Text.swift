import Foundation

/// JSON as text.
extension JSONValue {
    /// Reads one value; nil if the bytes are not JSON.
    init?(bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return nil }
        self = value
    }

    /// UTF-8 without white space, names sorted.
    var bytes: [UInt8] { encoded([]) }

    /// Indented, names sorted.
    var pretty: String { String(decoding: encoded(.prettyPrinted), as: UTF8.self) }

    /// For one cell of a table or one word of a sentence: strings without quotes, nothing for null.
    var plain: String {
        switch self {
        case .null: ""
        case .string(let text): text
        case .array(let values): values.map(\.plain).joined(separator: ",")
        default: String(decoding: bytes, as: UTF8.self)
        }
    }

    private func encoded(_ extra: JSONEncoder.OutputFormatting) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = extra.union([.sortedKeys, .withoutEscapingSlashes])
        // Only floating point numbers that are none can fail, and there are no such here.
        return (try? encoder.encode(self)).map { Array($0) } ?? []
    }
}
