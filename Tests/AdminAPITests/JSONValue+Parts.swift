@testable import AdminAPI

/// Parts of a value; what is not there is empty or null.
extension JSONValue {
    var members: [JSONMember] { if case .object(let members) = self { members } else { [] } }
    var names: [String] { members.map(\.name) }
    var items: [JSONValue] { if case .array(let values) = self { values } else { [] } }
    var string: String { if case .string(let text) = self { text } else { "" } }

    subscript(_ name: String) -> JSONValue { members.first { $0.name == name }?.value ?? .null }
}
