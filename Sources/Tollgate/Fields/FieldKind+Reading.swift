import AdminAPI
import Billing
import Foundation
import Proxy
import Tenancy

/// Documents become request bodies; every value that the server would refuse on sight is a fault here already.
extension FieldKind {
    /// The value as the API takes it; nil after a fault.
    func read(_ value: DocumentValue, _ path: String, _ reading: DocumentReading) -> JSONValue? {
        switch self {
        case .texts: Self.readTexts(value, path, reading)
        case .decimals: Self.readDecimals(value, path, reading)
        case .tags: Self.readTags(value, path, reading)
        case .object(let fields): Self.readObject(value, path, reading, fields: fields)
        case .objects(let fields): Self.readObjects(value, path, reading, fields: fields)
        default: readSingle(value, path, reading)
        }
    }

    /// The fields of one resource. `partial`: required ones may be missing, because only changes are given.
    static func readObject(
        _ value: DocumentValue, _ path: String, _ reading: DocumentReading, fields: [Field], partial: Bool = false
    ) -> JSONValue? {
        let section = reading.section(value, path: path)
        var members: [String: JSONValue] = [:]
        for field in fields {
            guard let given = section.value(field.name) else {
                if field.required, !partial {
                    reading.fail(value.place, "\(section.path(to: field.name)) is required")
                }
                continue
            }
            if given.isNull {
                if field.nullable {
                    members[field.name] = JSONValue.null
                } else {
                    reading.fail(given.place, "\(section.path(to: field.name)) must not be empty")
                }
            } else if let read = field.kind.read(given, section.path(to: field.name), reading) {
                members[field.name] = read
            }
        }
        return .object(members)
    }

    private static func readObjects(
        _ value: DocumentValue, _ path: String, _ reading: DocumentReading, fields: [Field]
    ) -> JSONValue? {
        guard case .list(let values) = value.content else {
            reading.fail(value.place, "\(path) must be a list, not \(value.kind)")
            return nil
        }
        return .array(
            values.enumerated().compactMap { index, value in
                let path = "\(path)[\(index)]"
                reading.note(value.place, at: path)
                return readObject(value, path, reading, fields: fields)
            })
    }

    private static func readTexts(_ value: DocumentValue, _ path: String, _ reading: DocumentReading) -> JSONValue? {
        let item = DocumentRule<String> { value, path, reading in text(of: value, path, reading) }
        return DocumentRule.list(of: item).read(value, path, reading).map { .array($0.map(JSONValue.string)) }
    }

    private static func readDecimals(
        _ value: DocumentValue, _ path: String, _ reading: DocumentReading
    ) -> JSONValue? {
        let item = DocumentRule<Decimal>.single("a number above 0 and at most 10") { text in
            PlainDecimal.read(text).flatMap { $0 > 0 && $0 <= 10 ? $0 : nil }
        }
        return DocumentRule.list(of: item).read(value, path, reading).map { .array($0.map(JSONValue.number)) }
    }

    private static func readTags(_ value: DocumentValue, _ path: String, _ reading: DocumentReading) -> JSONValue? {
        var tags: [String: JSONValue] = [:]
        for member in reading.section(value, path: path).all() {
            guard case .scalar(let text, _) = member.value.content else {
                reading.fail(member.place, "\(path).\(member.name) must be a text, not \(member.value.kind)")
                continue
            }
            tags[member.name] = .string(text)
        }
        return .object(tags)
    }

    private func readSingle(_ value: DocumentValue, _ path: String, _ reading: DocumentReading) -> JSONValue? {
        guard let text = Self.text(of: value, path, reading) else { return nil }
        if let json = json(text) { return json }
        if case .name = self, let fault = ResourceName.fault(text) {
            reading.fail(value.place, "\(path) must be a name: \"\(text)\" \(fault)")
            return nil
        }
        let shown = isSecret ? "" : ", not \"\(text)\""
        reading.fail(value.place, "\(path) must be \(expected)\(shown)")
        return nil
    }

    /// The text of a single value, `{ env: NAME }` looked up.
    private static func text(of value: DocumentValue, _ path: String, _ reading: DocumentReading) -> String? {
        switch value.content {
        case .scalar(let text, _):
            return text
        case .mapping(let members) where members.map(\.name) == ["env"]:
            guard case .scalar(let name, _) = members[0].value.content else { break }
            if let text = reading.environment[name], !text.isEmpty { return text }
            reading.fail(value.place, "\(path): the environment variable \(name) is not set")
            return nil
        default: break
        }
        reading.fail(value.place, "\(path) must be a single value, not \(value.kind)")
        return nil
    }

    private var isSecret: Bool {
        if case .secret = self { true } else { false }
    }

    /// The value a text stands for; nil if it does not suit.
    private func json(_ text: String) -> JSONValue? {
        switch self {
        case .name where ResourceName.fault(text) == nil,
            .text where ResourceName.fault(text: text, bytesAtMost: .max) == nil:
            return .string(text)
        case .secret where !text.isEmpty && text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }):
            return .string(text)
        case .url where BackendAddress(text) != nil:
            var trimmed = text
            while trimmed.hasSuffix("/") { trimmed.removeLast() }
            return .string(trimmed)
        case .money(let digits):
            let fraction = text.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first ?? ""
            return fraction.count <= digits && (try? Money(decimal: text)) != nil ? .string(text) : nil
        case .decimal:
            return PlainDecimal.read(text).flatMap { $0 >= 0 && $0 <= 1000 ? .string(text) : nil }
        case .whole(let range):
            return Int64(text).flatMap { range.contains($0) ? .number(Decimal($0)) : nil }
        case .duration:
            return DurationText.milliseconds(text).map { _ in .string(text) }
        case .instant:
            return Timestamp(rfc3339: text).map { _ in .string(text) }
        case .choice(let names):
            return names.contains(text) ? .string(text) : nil
        default:
            return nil
        }
    }

    /// Completes "must be …".
    private var expected: String {
        switch self {
        case .text: "a text"
        case .secret: "printable characters without spaces"
        case .url: "an http or https URL without user, query or fragment"
        case .money(let digits): "an amount such as \"10.00\" with at most \(digits) fraction digits"
        case .decimal: "a number between 0 and 1000"
        case .whole(let range): "a whole number between \(range.lowerBound) and \(range.upperBound)"
        case .duration: "a time such as 10s, 250ms or 24h"
        case .instant: "a time such as 2026-11-01T00:00:00Z"
        case .choice(let names): "one of \(names.joined(separator: ", "))"
        default: "something else"
        }
    }
}
