import Tenancy

extension FieldRule where Value == String {
    /// Any text of at most `limit` bytes without control characters, not empty.
    static func text(atMost limit: Int = 256) -> FieldRule {
        string(atMost: limit) { text in ResourceName.fault(text: text, bytesAtMost: limit) }
    }

    /// Text that is shown in tables, logs and exports.
    static func label(atMost limit: Int) -> FieldRule {
        string(atMost: limit) { text in ResourceName.fault(label: text, bytesAtMost: limit) }
    }

    /// The name of a resource.
    static var name: FieldRule {
        string(atMost: ResourceName.bytesAtMost, example: "research", ResourceName.fault)
    }

    /// What a model is called at its backend.
    static var upstreamName: FieldRule {
        string(atMost: ResourceName.upstreamBytesAtMost, ResourceName.upstreamFault)
    }

    /// The name of something that belongs to a resource, such as a tag.
    fileprivate static func partName(atMost limit: Int) -> FieldRule {
        string(atMost: limit) { text in ResourceName.fault(name: text, bytesAtMost: limit) }
    }

    private static func string(
        atMost limit: Int,
        example: JSONValue? = nil,
        _ fault: @escaping @Sendable (String) -> String?
    ) -> FieldRule {
        let schema: JSONValue = ["type": "string", "minLength": .integer(1), "maxLength": .integer(limit)]
        return FieldRule(example.map { schema.adding("examples", [$0]) } ?? schema) { value throws(FieldFault) in
            guard case .string(let text) = value else { throw FieldFault("must be a string, not \(value.kind)") }
            if let fault = fault(text) { throw FieldFault(fault) }
            return text
        }
    }

    /// A reference to a resource by id or name; what it points at is checked later.
    static var reference: FieldRule { .text(atMost: 128) }
}

extension FieldRule where Value == [String] {
    /// An array of texts.
    static func texts(_ rule: FieldRule<String>, atMost limit: Int) -> FieldRule {
        FieldRule(["type": "array", "maxItems": .integer(limit), "items": rule.schema]) { value throws(FieldFault) in
            guard case .array(let values) = value else { throw FieldFault("must be an array, not \(value.kind)") }
            guard values.count <= limit else { throw FieldFault("holds more than \(limit) items") }
            var texts: [String] = []
            for (index, value) in values.enumerated() {
                do throws(FieldFault) {
                    texts.append(try rule.read(value))
                } catch {
                    throw FieldFault(error.detail, at: "/\(index)", code: error.code)
                }
            }
            return texts
        }
    }
}

extension FieldRule where Value == [String: String] {
    /// Up to 32 tags: names of 1-64 bytes, values up to 256 bytes.
    static var tags: FieldRule {
        FieldRule([
            "type": "object", "maxProperties": .integer(32),
            "additionalProperties": FieldRule<String>.label(atMost: 256).schema,
        ]) { value throws(FieldFault) in
            guard case .object(let members) = value else { throw FieldFault("must be an object, not \(value.kind)") }
            guard members.count <= 32 else { throw FieldFault("holds more than 32 tags") }
            var tags: [String: String] = [:]
            for member in members {
                let subpath = "/" + JSONPointer.escaped(member.name)
                do throws(FieldFault) {
                    _ = try FieldRule<String>.partName(atMost: 64).read(.string(member.name))
                    tags[member.name] = try FieldRule<String>.label(atMost: 256).read(member.value)
                } catch {
                    throw FieldFault(error.detail, at: subpath)
                }
            }
            return tags
        }
    }
}
