@testable import AdminAPI

/// Compares JSON with a schema of the document, as far as the document's schemas go. Members that no schema names are
/// differences, unless the schema names none at all.
struct SchemaCheck {
    let document: JSONValue

    /// What differs, by place.
    func faults(_ value: JSONValue, _ schema: JSONValue, at place: String = "") -> [String] {
        let schema = resolved(schema)
        let choices = schema["anyOf"].items
        if !choices.isEmpty {
            let each = choices.map { faults(value, $0, at: place) }
            return each.contains([]) ? [] : each.first ?? []
        }
        let types = schema["type"].items.map(\.string) + [schema["type"].string].filter { !$0.isEmpty }
        guard types.isEmpty || types.contains(where: { suits(value, $0) }) else {
            return ["\(place) is \(value.kind), not \(types.joined(separator: " or "))"]
        }
        let values = schema["enum"].items
        if !values.isEmpty, !values.contains(value) { return ["\(place) is \(value), none of the enumerated"] }
        switch value {
        case .array(let items):
            return items.enumerated().flatMap { faults($1, schema["items"], at: "\(place)/\($0)") }
        case .object(let members):
            return self.members(members, schema, at: place)
        default: return []
        }
    }

    private func members(_ members: [JSONMember], _ schema: JSONValue, at place: String) -> [String] {
        let missing = schema["required"].items.map(\.string).filter { name in !members.contains { $0.name == name } }
        let rest = schema["additionalProperties"]
        return missing.map { "\(place)/\($0) is missing" }
            + members.flatMap { member -> [String] in
                let name = "\(place)/\(member.name)"
                let own = schema["properties"][member.name]
                if own != .null { return faults(member.value, own, at: name) }
                if member.name.hasPrefix("tag:"), schema["patternProperties"] != .null { return [] }
                if rest != .null, rest != .bool(false) { return faults(member.value, rest, at: name) }
                return rest == .null && schema["properties"].members.isEmpty ? [] : ["\(name) is in no schema"]
            }
    }

    private func resolved(_ schema: JSONValue) -> JSONValue {
        let reference = schema["$ref"].string
        guard !reference.isEmpty else { return schema }
        return reference.split(separator: "/").dropFirst().reduce(document) { $0[String($1)] }
    }

    private func suits(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"): true
        case (.number(let digits), "integer"): Int64(digits) != nil
        case (.number, "number"): true
        default: false
        }
    }
}
