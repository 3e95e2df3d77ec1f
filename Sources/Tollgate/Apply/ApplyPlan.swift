/// The changes that lead from what the server has to what a state file asks for, in the order they must be made.
struct ApplyPlan: Sendable, Equatable {
    private(set) var calls: [ApplyCall] = []
    /// Things the file names that are already as it says.
    private(set) var unchanged = 0
    /// Backends whose given credential stayed unsent: the stored one, which nobody can read, may be another.
    private(set) var uncomparedKeys = 0

    /// Adds a change.
    mutating func add(
        _ line: String, _ method: String, _ path: String, _ body: JSONValue? = nil, tenant: String? = nil
    ) {
        calls.append(ApplyCall(line: line, method: method, path: path, body: body, tenant: tenant))
    }

    /// Counts something that is as it should be.
    mutating func keep() { unchanged += 1 }

    /// Counts a credential that was given, and neither compared nor sent.
    mutating func leaveKey() { uncomparedKeys += 1 }

    /// Creates, changes or keeps one resource.
    ///
    /// - Parameters:
    ///   - label: what people call it.
    ///   - present: what the server has; nil if nothing.
    ///   - update: makes the call out of the fields that differ.
    mutating func bring(
        _ label: String, to wanted: JSONValue, from present: JSONValue?, fields: [Field],
        create: (method: String, path: String), update: (method: String, path: String), tenant: String? = nil
    ) {
        guard let present else {
            add("+ \(label)", create.method, create.path, wanted, tenant: tenant)
            return
        }
        let differing = FieldKind.differences(wanted, present, fields: fields)
        guard !differing.isEmpty else {
            keep()
            return
        }
        let body = JSONValue.object(wanted.members.filter { name, _ in differing.contains { $0.name == name } })
        let line = "~ \(label): \(Self.describe(differing, from: present, to: wanted))"
        add(line, update.method, update.path, body, tenant: tenant)
    }

    /// `price_multiplier 1 -> 1.2, trim_floor 16 -> 32`.
    static func describe(_ fields: [Field], from present: JSONValue, to wanted: JSONValue) -> String {
        fields.map { "\($0.name) \(shown(present[$0.name])) -> \(shown(wanted[$0.name]))" }.joined(separator: ", ")
    }

    private static func shown(_ value: JSONValue) -> String {
        value == .null ? "none" : value.plain
    }
}
