/// A mapping of a document, read name by name; the names nobody asked for are faults in the end.
final class DocumentSection {
    let path: String
    let place: DocumentPlace
    private let members: [DocumentValue.Member]
    private let reading: DocumentReading
    private var known: [String] = []

    init(_ members: [DocumentValue.Member], path: String, place: DocumentPlace, reading: DocumentReading) {
        self.members = members
        self.path = path
        self.place = place
        self.reading = reading
    }

    /// All names with their values, for mappings whose names are the operator's.
    func all() -> [DocumentValue.Member] {
        known += members.map(\.name)
        return members
    }

    /// The value of a name, null or not; nil if absent.
    func value(_ name: String) -> DocumentValue? {
        known.append(name)
        guard let member = members.first(where: { $0.name == name }) else { return nil }
        reading.note(member.place, at: path(to: name))
        return member.value
    }

    /// What the rule makes of the value; nil if it is absent, null or faulty.
    func optional<Value>(_ name: String, _ rule: DocumentRule<Value>) -> Value? {
        guard let value = value(name), !value.isNull else { return nil }
        return rule.read(value, path(to: name), reading)
    }

    /// Replaces `target` if the name is there.
    func read<Value>(_ name: String, _ rule: DocumentRule<Value>, into target: inout Value) {
        if let value = optional(name, rule) { target = value }
    }

    /// The mapping below a name; an empty one if absent.
    func section(_ name: String) -> DocumentSection {
        reading.section(value(name) ?? .empty(at: place), path: path(to: name))
    }

    /// The full name of a member.
    func path(to name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// Records every name that nobody asked for, with the nearest one that exists.
    func reportUnknown() {
        for member in members where !known.contains(member.name) {
            var text = "\(path(to: member.name)) is unknown"
            if let nearest = NearestName.of(member.name, among: known) { text += "; did you mean \(nearest)?" }
            reading.fail(member.place, text)
        }
    }
}
