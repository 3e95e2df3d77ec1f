import ArgumentParser
import Foundation

/// Fields from the command line and from a file; the command line wins.
struct FieldInput: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "A field and its value, name=value; name.part=value reaches inside, [a, b] is a list.")
    var settings: [String] = []

    @Option(name: [.customShort("f"), .customLong("file")], help: "A YAML or JSON file with fields; - is stdin.")
    var file: String?

    /// The request body; throws `DocumentFaults` for a wrong file, else `CommandFailure`.
    ///
    /// - Parameters:
    ///   - given: fields from options of their own.
    ///   - partial: required fields may be missing.
    func body(
        fields: [Field], given: [String: String] = [:], partial: Bool,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> JSONValue {
        let text = try file.map { path throws(CommandFailure) in try TextFile.read(path) } ?? ""
        let reading = DocumentReading(environment: environment)
        do {
            var document = try DocumentText.parse(text)
            for (name, value) in given.sorted(by: { $0.key < $1.key }) {
                let place = DocumentPlace.argument("--\(name.replacing("_", with: "-"))")
                let content = DocumentValue.Content.scalar(value, plain: true)
                document = document.setting([name], to: DocumentValue(content: content, place: place))
            }
            for setting in settings { document = try apply(setting, to: document, fields: fields) }
            let body = FieldKind.readObject(document, "", reading, fields: fields, partial: partial)
            try reading.finish(file: file)
            return body ?? .object([:])
        } catch let fault as DocumentFault {
            throw failure(DocumentFaults(file: file, faults: [fault]))
        } catch let faults as DocumentFaults {
            throw failure(faults)
        }
    }

    /// Without a file, every mistake is one of the command line.
    private func failure(_ faults: DocumentFaults) -> any Error {
        file == nil ? CommandFailure(.usage, faults.description) : faults
    }

    private func apply(_ setting: String, to document: DocumentValue, fields: [Field]) throws -> DocumentValue {
        guard let equals = setting.firstIndex(of: "="), equals != setting.startIndex else {
            throw CommandFailure(.usage, "--set takes name=value")
        }
        let path = setting[..<equals].split(separator: ".").map(String.init)
        let place = DocumentPlace.argument("--set \(setting[..<equals])")
        let text = String(setting[setting.index(after: equals)...])
        var value = try DocumentText.inline(text, at: place)
        if text == "null" { value.content = .null }
        if case .secret = fields.first(where: { $0.name == path.first })?.kind, case .scalar = value.content {
            throw CommandFailure(
                .usage, "\(place): secrets are not taken from the command line; write {env: NAME}, or use -f FILE")
        }
        return document.setting(path[...], to: value)
    }
}
