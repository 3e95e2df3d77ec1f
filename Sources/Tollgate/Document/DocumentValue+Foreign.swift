/// Looking into a document of another program, where unknown names are no mistake.
extension DocumentValue {
    /// The names and values of a mapping, those merged in with `<<` included; none for anything else.
    var members: [Member] {
        guard case .mapping(let members) = content else { return [] }
        var own: [Member] = []
        var merged: [Member] = []
        for member in members {
            if member.name == "<<" {
                merged += ([member.value] + member.value.items).flatMap(\.members)
            } else {
                own.append(member)
            }
        }
        return merged.reduce(into: own) { names, member in
            if !names.contains(where: { $0.name == member.name }) { names.append(member) }
        }
    }

    /// The items of a list; none for anything else.
    var items: [DocumentValue] {
        if case .list(let values) = content { values } else { [] }
    }

    /// The text of a single value; nil for anything else.
    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// The value of a name; nil if it is absent or null.
    subscript(name: String) -> DocumentValue? {
        members.first { $0.name == name && !$0.value.isNull }?.value
    }

    /// Whether anything is said: no null, empty text, list or mapping, and not just `false`.
    var saysSomething: Bool {
        switch content {
        case .null: false
        case .scalar(let text, let plain): !text.isEmpty && !(plain && text.lowercased() == "false")
        case .list(let values): !values.isEmpty
        case .mapping(let members): !members.isEmpty
        }
    }
}
