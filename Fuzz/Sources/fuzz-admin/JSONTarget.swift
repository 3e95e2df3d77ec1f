import Fuzzing

@testable import AdminAPI

/// What is taken is JSON by a second reading, and the same value once it is written out.
enum JSONTarget {
    /// Longer bodies are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let body = Array(bytes)
        let value = try? JSONParser.parse(body)
        guard body.count <= comparedBytes else { return }
        guard let naive = NaiveJSON.read(body) else { return checkFault(body) }
        guard let value else { preconditionFailure("refused: \(String(decoding: body, as: UTF8.self))") }
        let text = value.bytes
        precondition(text == naive.bytes, "read as \(value.text)")
        precondition(depth(value) <= JSONParser.depthLimit)
        let again = try? JSONParser.parse(text)
        precondition(again == value && again?.bytes == text, "read as \(value.text)")
    }

    /// It is no JSON, which is told with where.
    private static func checkFault(_ body: [UInt8]) {
        do {
            let value = try JSONParser.parse(body)
            preconditionFailure("taken, read as \(value.text): \(String(decoding: body, as: UTF8.self))")
        } catch {
            precondition(0...body.count ~= error.offset && !error.detail.isEmpty, error.detail)
        }
    }

    private static func depth(_ value: JSONValue) -> Int {
        switch value {
        case .array(let values): values.map { depth($0) + 1 }.max() ?? 0
        case .object(let members): members.map { depth($0.value) + 1 }.max() ?? 0
        default: 0
        }
    }
}
