import Yams

/// Reads YAML, and so JSON too, into values that know their lines.
enum DocumentText {
    /// Values that aliases may add to those that stand in a text, where each takes a byte at least: a few lines of
    /// aliases to aliases would else be more than any machine holds.
    private static let aliasedValues = 100_000

    /// The one document of a text; an empty text is an empty mapping.
    static func parse(_ text: String) throws(DocumentFault) -> DocumentValue {
        try AliasLimit.check(text, most: text.utf8.count + aliasedValues)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw fault(error)
        }
        guard let root else { return .empty(at: .line(1)) }
        let value = value(of: root, line: 1)
        return value.isNull ? .empty(at: .line(1)) : value
    }

    /// A value outside a file: text in brackets or braces is YAML, anything else one single value.
    static func inline(_ text: String, at place: DocumentPlace) throws(DocumentFault) -> DocumentValue {
        guard text.hasPrefix("[") || text.hasPrefix("{") else {
            return DocumentValue(content: .scalar(text, plain: true), place: place)
        }
        do {
            return relocated(try parse(text), to: place)
        } catch {
            throw DocumentFault(place: place, text: error.text)
        }
    }

    private static func value(of node: Node, line inherited: Int) -> DocumentValue {
        let line = node.mark?.line ?? inherited
        switch node {
        case .scalar(let scalar):
            let plain = scalar.style == .plain
            let isNull = plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return DocumentValue(content: isNull ? .null : .scalar(scalar.string, plain: plain), place: .line(line))
        case .sequence(let nodes):
            return DocumentValue(content: .list(nodes.map { value(of: $0, line: line) }), place: .line(line))
        case .mapping(let pairs):
            let members = pairs.map { key, node in
                DocumentValue.Member(
                    name: key.scalar?.string ?? "", place: .line(key.mark?.line ?? line),
                    value: value(of: node, line: line))
            }
            return DocumentValue(content: .mapping(members), place: .line(line))
        case .alias:
            return DocumentValue(content: .null, place: .line(line))
        }
    }

    private static func relocated(_ value: DocumentValue, to place: DocumentPlace) -> DocumentValue {
        switch value.content {
        case .null, .scalar:
            return DocumentValue(content: value.content, place: place)
        case .list(let values):
            return DocumentValue(content: .list(values.map { relocated($0, to: place) }), place: place)
        case .mapping(let members):
            let moved = members.map {
                DocumentValue.Member(name: $0.name, place: place, value: relocated($0.value, to: place))
            }
            return DocumentValue(content: .mapping(moved), place: place)
        }
    }

    private static func fault(_ error: any Error) -> DocumentFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            DocumentFault(place: .line(mark.line), text: "is not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            DocumentFault(
                place: .line(context.mark.line), text: "\(names.joined(separator: ", ")) is written twice")
        default:
            DocumentFault(place: .line(1), text: "is not valid YAML")
        }
    }
}
