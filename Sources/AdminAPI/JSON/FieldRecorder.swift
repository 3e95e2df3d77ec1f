/// Takes down which fields a body's reader asks for, and so what the body may hold.
final class FieldRecorder {
    private enum Shape {
        case value(JSONValue)
        case object(FieldRecorder)
        case objects(FieldRecorder, limit: Int)
    }

    private struct Field {
        var shape: Shape
        var isNullable: Bool
    }

    private var names: [String] = []
    private var fields: [String: Field] = [:]
    private var required: Set<String> = []
    /// What values of names of the caller's choice are; nil if there are none.
    private var rest: JSONValue?

    func require(_ name: String) { required.insert(name) }

    func note(_ name: String, _ schema: JSONValue, isNullable: Bool = false) {
        note(name, .value(schema), isNullable)
    }

    func noteObject(_ name: String, isNullable: Bool = false) -> FieldRecorder {
        let child = FieldRecorder()
        note(name, .object(child), isNullable)
        return child
    }

    func noteObjects(_ name: String, limit: Int) -> FieldRecorder {
        let child = FieldRecorder()
        note(name, .objects(child, limit: limit), false)
        return child
    }

    func noteRest(_ schema: JSONValue) { rest = schema }

    /// The fields as JSON Schema; unknown ones are refused.
    var schema: JSONValue {
        let properties = names.compactMap { name in
            fields[name].map { JSONMember(name, Self.schema($0).described(name)) }
        }
        return [
            "type": "object",
            "properties": .object(properties),
            "required": .texts(names.filter { required.contains($0) }),
            "additionalProperties": rest ?? false,
        ]
    }

    /// A field that is read twice is what it was first.
    private func note(_ name: String, _ shape: Shape, _ isNullable: Bool) {
        guard fields[name] == nil else { return }
        names.append(name)
        fields[name] = Field(shape: shape, isNullable: isNullable)
    }

    private static func schema(_ field: Field) -> JSONValue {
        let schema: JSONValue =
            switch field.shape {
            case .value(let schema): schema
            case .object(let child): child.schema
            case .objects(let child, let limit):
                ["type": "array", "maxItems": .integer(limit), "items": child.schema]
            }
        if !field.isNullable || schema == [:] { return schema }
        return ["anyOf": [schema, ["type": "null"]]]
    }
}

extension JSONValue {
    /// The schema with what a field of that name means.
    fileprivate func described(_ name: String) -> JSONValue {
        guard let word = FieldWords.all[name] else { return self }
        return adding("description", .string(word.text))
    }
}
