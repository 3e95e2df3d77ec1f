import Fuzzing
import Tenancy

#if canImport(TollgateFiles)
@testable import TollgateFiles
#else
@testable import Tollgate
#endif

/// State files, other gateways' configurations, and what is written as YAML. Each of the parsers reads all of an input.
enum StatesTarget {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024
    private static let now = Timestamp(microseconds: 1_795_435_200_000_000)
    private static let variables = ["A": "value", "B": "http://127.0.0.1:9/v1"]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        checkState(input.text)
        checkImport(input.array)
        checkText(input.text)
    }

    // MARK: States

    private static func checkState(_ text: String) {
        do throws(DocumentFaults) {
            let wanted = try state(text, variables)
            guard text.utf8.count <= comparedBytes else { return }
            let written = written(wanted)
            let again = try state(written, variables)
            precondition(again == wanted, "\(written) is read as \(again.plain)")
        } catch {
            FaultChecks.run(error, in: text)
        }
    }

    /// What is asked for as YAML in one line.
    private static func written(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): "\(number)"
        case .string(let text): YAMLText.quoted(text)
        case .array(let values): "[" + values.map(written).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(YAMLText.quoted($0.key)): \(written($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    private static func state(
        _ text: String, _ environment: [String: String]
    ) throws(DocumentFaults) -> JSONValue {
        let document: DocumentValue
        do {
            document = try DocumentText.parse(text)
        } catch {
            throw DocumentFaults(file: nil, faults: [error])
        }
        let reading = DocumentReading(environment: environment)
        let wanted = FieldKind.readObject(document, "", reading, fields: Field.state)
        try reading.finish(file: nil)
        return wanted ?? .object([:])
    }

    /// Any text, as a word of a state file.
    private static func checkText(_ text: String) {
        // The YAML parser takes a byte order mark from the start of a scalar.
        guard text.utf8.count <= comparedBytes, text.unicodeScalars.first != "\u{FEFF}" else { return }
        let written = [YAMLText.scalar(text), YAMLText.quoted(text)].joined(separator: ", ")
        guard let document = try? DocumentText.parse("a: { b: [\(written), 1] }\nc: 2") else {
            preconditionFailure("no YAML: \(written)")
        }
        let items = document["a"]?["b"]?.items ?? []
        let isRead = items.prefix(2).allSatisfy { $0.text?.utf8.elementsEqual(text.utf8) == true }
        precondition(items.count == 3 && isRead && document["c"]?.text == "2", "\(written) is read as \(items)")
    }

    // MARK: Imports

    /// The configuration, and behind a byte that no text has what its API tells of keys.
    private static func checkImport(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        guard let document = try? DocumentText.parse(texts[0]) else { return }
        let lists = texts.dropFirst().compactMap { try? DocumentText.parse($0) }
        guard let result = try? LiteLLMImport.run(document, lists: lists, now: now) else { return }
        _ = result.notes.text
        guard bytes.count <= comparedBytes else { return }
        let pairs = result.notes.variables.map { ($0.name, "https://example.com/v1") }
        do throws(DocumentFaults) {
            _ = try state(result.state, Dictionary(pairs) { first, _ in first })
        } catch {
            preconditionFailure("apply refuses what was imported: \(error)\n\(result.state)")
        }
        let second = try? LiteLLMImport.run(document, lists: lists, now: now)
        precondition(second?.state == result.state && second?.notes == result.notes, "another state the second time")
    }
}
