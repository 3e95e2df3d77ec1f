/// A value of a YAML or JSON text together with the place it stands at; names keep their order.
struct DocumentValue: Sendable, Equatable {
    /// One name and value of a mapping.
    struct Member: Sendable, Equatable {
        let name: String
        let place: DocumentPlace
        var value: DocumentValue
    }

    enum Content: Sendable, Equatable {
        case null
        /// `plain`: written without quotes, so that it may be a number or a boolean.
        case scalar(String, plain: Bool)
        case list([DocumentValue])
        case mapping([Member])
    }

    var content: Content
    var place: DocumentPlace

    /// What it is called in an error.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    var isNull: Bool { content == .null }

    /// A mapping without names.
    static func empty(at place: DocumentPlace) -> DocumentValue {
        DocumentValue(content: .mapping([]), place: place)
    }

    /// The same with the value at `path` replaced; what is missing or no mapping on the way there becomes a mapping.
    func setting(_ path: ArraySlice<String>, to value: DocumentValue) -> DocumentValue {
        guard let name = path.first else { return value }
        var members: [Member] = []
        if case .mapping(let present) = content { members = present }
        let index = members.firstIndex { $0.name == name }
        let before = index.map { members[$0].value } ?? .empty(at: value.place)
        let member = Member(name: name, place: value.place, value: before.setting(path.dropFirst(), to: value))
        if let index { members[index] = member } else { members.append(member) }
        return DocumentValue(content: .mapping(members), place: place)
    }
}
