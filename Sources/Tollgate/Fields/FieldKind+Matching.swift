import AdminAPI
import Foundation
import Tenancy

/// Whether what the server has is what a document asks for, however each of them writes it.
extension FieldKind {
    /// True if putting `wanted` in the place of `present` would change nothing.
    func matches(_ wanted: JSONValue, _ present: JSONValue) -> Bool {
        if wanted == .null || present == .null { return wanted == present }
        switch self {
        case .secret: return true
        case .money, .decimal: return Self.number(wanted) == Self.number(present)
        case .decimals: return Set(wanted.items.map(Self.number)) == Set(present.items.map(Self.number))
        case .duration: return Self.milliseconds(wanted) == Self.milliseconds(present)
        case .instant: return Self.instant(wanted) == Self.instant(present)
        case .object(let fields): return Self.differences(wanted, present, fields: fields).isEmpty
        case .objects(let fields): return Self.matches(wanted.items, present.items, fields: fields)
        case .whole: return wanted == present
        // To the byte: `==` does not see that a text was written with other code points, and the server keeps them.
        default: return wanted.bytes == present.bytes
        }
    }

    /// The given fields whose value differs.
    static func differences(_ wanted: JSONValue, _ present: JSONValue, fields: [Field]) -> [Field] {
        fields.filter { field in
            guard let value = wanted.members[field.name] else { return false }
            return !field.kind.matches(value, present[field.name])
        }
    }

    /// A list is replaced whole: what an item leaves out has its standard value.
    private static func matches(_ wanted: [JSONValue], _ present: [JSONValue], fields: [Field]) -> Bool {
        wanted.count == present.count
            && zip(wanted, present).allSatisfy { wanted, present in
                fields.allSatisfy { field in
                    field.kind.matches(wanted.members[field.name] ?? field.standard, present[field.name])
                }
            }
    }

    private static func number(_ value: JSONValue) -> Decimal? {
        switch value {
        case .number(let number): number
        case .string(let text): PlainDecimal.read(text)
        default: nil
        }
    }

    private static func milliseconds(_ value: JSONValue) -> Int64? {
        value.string.flatMap(DurationText.milliseconds)
    }

    private static func instant(_ value: JSONValue) -> Timestamp? {
        value.string.flatMap { Timestamp(rfc3339: $0) }
    }
}
