/// JSON Schema of answers, made of samples: what is not null there is there always, with its type.
enum SampleSchema {
    /// The schema of a sample that stands under a name, which says what it means.
    static func of(_ sample: JSONValue, named name: String? = nil) -> JSONValue {
        let word = name.flatMap { FieldWords.all[$0] }
        var members = members(sample, word)
        if let word { members.append(JSONMember("description", .string(word.text))) }
        return .object(members)
    }

    private static func members(_ sample: JSONValue, _ word: FieldWord?) -> [JSONMember] {
        switch sample {
        case .null:
            guard let type = word?.type else { return [] }
            return [JSONMember("type", .texts([type, "null"]))] + format(word)
        case .bool: return [JSONMember("type", "boolean")]
        case .number(let digits):
            let isWhole = digits.utf8.allSatisfy { 0x30...0x39 ~= $0 } && word?.type != "number"
            return [JSONMember("type", isWhole ? "integer" : "number")]
        case .string: return [JSONMember("type", "string")] + (word?.type == "string" ? format(word) : [])
        case .array(let values):
            return [JSONMember("type", "array"), JSONMember("items", values.first.map { of($0) } ?? [:])]
        case .object(let members):
            let (patterns, named) = (
                members.filter { $0.name.hasSuffix("*") }, members.filter { !$0.name.hasSuffix("*") }
            )
            let properties = named.map { member in
                let name = member.name.hasSuffix("?") ? String(member.name.dropLast()) : member.name
                return JSONMember(name, of(member.value, named: name))
            }
            let schema = [
                JSONMember("type", "object"), JSONMember("properties", .object(properties)),
                JSONMember("required", .texts(named.map(\.name).filter { !$0.hasSuffix("?") })),
            ]
            if patterns.isEmpty { return schema }
            let families = patterns.map { JSONMember("^" + $0.name.dropLast(), of($0.value, named: $0.name)) }
            return schema + [JSONMember("patternProperties", .object(families))]
        }
    }

    private static func format(_ word: FieldWord?) -> [JSONMember] {
        word?.format.map { [JSONMember("format", .string($0))] } ?? []
    }
}
