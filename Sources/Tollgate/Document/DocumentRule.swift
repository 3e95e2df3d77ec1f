import AdminAPI
import Foundation

/// How a value of a document becomes a typed one; a value that does not suit is recorded as a fault and reads as nil.
struct DocumentRule<Value> {
    /// The value, its full name, and the pass it belongs to.
    let read: (_ value: DocumentValue, _ path: String, _ reading: DocumentReading) -> Value?

    init(_ read: @escaping (DocumentValue, String, DocumentReading) -> Value?) {
        self.read = read
    }

    /// A single value whose text `parse` understands; `expected` completes "must be …".
    static func single(_ expected: String, _ parse: @escaping (String) -> Value?) -> DocumentRule {
        DocumentRule { value, path, reading in
            guard case .scalar(let text, _) = value.content else {
                reading.fail(value.place, "\(path) must be \(expected), not \(value.kind)")
                return nil
            }
            guard let parsed = parse(text) else {
                reading.fail(value.place, "\(path) must be \(expected), not \"\(text)\"")
                return nil
            }
            return parsed
        }
    }
}

extension DocumentRule where Value == String {
    /// Any text but an empty one.
    static var text: DocumentRule {
        .single("a text") { $0.isEmpty ? nil : $0 }
    }
}

extension DocumentRule where Value == Bool {
    /// `true` or `false`.
    static var flag: DocumentRule {
        .single("true or false") { ["true": true, "false": false][$0] }
    }
}

extension DocumentRule where Value == Int64 {
    /// A whole number within `range`.
    static func whole(_ range: ClosedRange<Int64>) -> DocumentRule {
        .single("a whole number between \(range.lowerBound) and \(range.upperBound)") { text in
            Int64(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A span such as `10s` in milliseconds, within `range`.
    static func duration(_ range: ClosedRange<Int64>) -> DocumentRule {
        let bounds = "between \(DurationText.text(range.lowerBound)) and \(DurationText.text(range.upperBound))"
        return .single("a time such as 10s, 250ms or 24h, \(bounds)") { text in
            DurationText.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension DocumentRule where Value == Int {
    /// A number of bytes such as `32MiB`, within `range`.
    static func size(_ range: ClosedRange<Int>) -> DocumentRule {
        let bounds = "between \(SizeText.text(range.lowerBound)) and \(SizeText.text(range.upperBound))"
        return .single("a size such as 32MiB, \(bounds)") { text in
            SizeText.bytes(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension DocumentRule where Value == Decimal {
    /// A share between 0 and 1.
    static var share: DocumentRule {
        .single("a number between 0 and 1") { text in
            PlainDecimal.read(text).flatMap { (0...1).contains($0) ? $0 : nil }
        }
    }
}

extension DocumentRule where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the named values.
    static var choice: DocumentRule {
        .single("one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))") { Value(rawValue: $0) }
    }
}

extension DocumentRule {
    /// A list, each item read by the same rule; a single value reads as a list of one, commas separate more.
    static func list<Item>(of rule: DocumentRule<Item>) -> DocumentRule where Value == [Item] {
        DocumentRule { value, path, reading in
            var items: [DocumentValue] = []
            switch value.content {
            case .list(let values): items = values
            case .scalar(let text, _):
                items = text.split(separator: ",").map { part in
                    let trimmed = part.trimmingCharacters(in: .whitespaces)
                    return DocumentValue(content: .scalar(trimmed, plain: true), place: value.place)
                }
            default:
                reading.fail(value.place, "\(path) must be a list, not \(value.kind)")
                return nil
            }
            return items.enumerated().compactMap { rule.read($0.element, "\(path)[\($0.offset)]", reading) }
        }
    }
}
