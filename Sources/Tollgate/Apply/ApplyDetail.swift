/// One field of a change: what it is and what it becomes.
struct ApplyDetail: Sendable, Equatable {
    let field: String
    /// Nil: nothing was there.
    var old: String?
    /// Nil: nothing will be there.
    var new: String?
    /// Whether something was there that may be replaced or removed.
    var isChange: Bool

    /// `rpm: 600`, or `rpm: none -> 600`.
    var text: String {
        isChange ? "\(field): \(old ?? "none") -> \(new ?? "none")" : "\(field): \(new ?? "none")"
    }

    /// For scripts; null for nothing.
    var json: JSONValue {
        .object(["field": .string(field), "from": .text(old), "to": .text(new)])
    }

    /// The fields that a new resource gets, in the order of the list.
    static func list(of wanted: JSONValue, fields: [Field], prefix: String = "") -> [ApplyDetail] {
        fields.flatMap { field -> [ApplyDetail] in
            guard let value = wanted.members[field.name] else { return [] }
            let name = prefix + field.name
            if case .object(let inner) = field.kind, value != .null {
                return list(of: value, fields: inner, prefix: name + ".")
            }
            return [ApplyDetail(field: name, new: shown(value, field), isChange: false)]
        }
    }

    /// The fields that differ, in the order of the list; of a mapping only what differs inside.
    static func list(
        from present: JSONValue, to wanted: JSONValue, fields: [Field], prefix: String = ""
    ) -> [ApplyDetail] {
        FieldKind.differences(wanted, present, fields: fields).flatMap { field -> [ApplyDetail] in
            let (old, new) = (present[field.name], wanted[field.name])
            let name = prefix + field.name
            if case .object(let inner) = field.kind, old != .null, new != .null {
                return list(from: old, to: new, fields: inner, prefix: name + ".")
            }
            return [ApplyDetail(field: name, old: shown(old, field), new: shown(new, field), isChange: true)]
        }
    }

    /// In words; nil for null. A secret is never shown.
    private static func shown(_ value: JSONValue, _ field: Field) -> String? {
        if value == .null { return nil }
        if case .secret = field.kind { return "(given)" }
        return CellText(now: nil).text(value, of: field.name)
    }
}
