/// The changes that lead from what the server has to what a state file asks for, in the order they must be made.
struct ApplyPlan: Sendable, Equatable {
    private(set) var calls: [ApplyCall] = []
    /// Things the file names that are already as it says.
    private(set) var unchanged = 0
    /// Backends whose given credential stayed unsent: the stored one, which nobody can read, may be another.
    private(set) var uncomparedKeys = 0

    /// Adds a change.
    mutating func add(
        _ change: ApplyChange, _ method: String, _ path: String, _ body: JSONValue? = nil, tenant: String? = nil,
        basis: JSONValue? = nil, place: String = ""
    ) {
        calls.append(
            ApplyCall(
                change: change, method: method, path: path, body: body, tenant: tenant, basis: basis, place: place))
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
        create: (method: String, path: String), update: (method: String, path: String), tenant: String? = nil,
        place: String
    ) {
        guard let present else {
            let details = ApplyDetail.list(of: wanted.without("name"), fields: fields)
            let change = ApplyChange(action: .create, label: label, details: details)
            add(change, create.method, create.path, wanted, tenant: tenant, place: place)
            return
        }
        let differing = FieldKind.differences(wanted, present, fields: fields)
        guard !differing.isEmpty else {
            keep()
            return
        }
        let body = JSONValue.object(wanted.members.filter { name, _ in differing.contains { $0.name == name } })
        let details = ApplyDetail.list(from: present, to: wanted, fields: fields)
        let change = ApplyChange(action: .change, label: label, details: details)
        add(change, update.method, update.path, body, tenant: tenant, place: place)
    }
}
