/// One change as people see it.
struct ApplyChange: Sendable, Equatable {
    enum Action: String, Sendable {
        case create
        case change
        case remove

        /// `+`, `~` or `-`.
        var sign: String {
            switch self {
            case .create: "+"
            case .change: "~"
            case .remove: "-"
            }
        }
    }

    let action: Action
    /// What it is made to: `pool fast`.
    let label: String
    var details: [ApplyDetail] = []

    /// `+ pool fast`.
    var title: String { "\(action.sign) \(label)" }

    /// The title, then one indented line a field.
    var text: String { ([title] + details.map { "    \($0.text)" }).joined(separator: "\n") }

    /// For scripts.
    var json: JSONValue {
        .object([
            "action": .string(action.rawValue), "resource": .string(label), "fields": .array(details.map(\.json)),
        ])
    }
}
