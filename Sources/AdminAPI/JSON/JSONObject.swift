import Tenancy

/// Reads the fields of a body one by one, remembers every fault, and at the end refuses the fields nobody asked for.
///
/// A faulty field reads as absent or as the given stand-in; `finish` throws before anyone can use it.
final class JSONObject {
    /// Unknown fields that are named; each names those that are known.
    private static let unknownAtMost = 100

    private let pointer: String
    private let members: [String: JSONValue]
    private let names: [String]
    private var taken: Set<String> = []
    private var children: [JSONObject] = []
    private var faults: [FieldError] = []
    private var code: String?
    private let recorder: FieldRecorder?

    /// An empty body whose reader tells the recorder what it would take.
    init(recorder: FieldRecorder) {
        (pointer, members, names) = ("", [:], [])
        self.recorder = recorder
    }

    init(_ members: [JSONMember], pointer: String = "") {
        self.pointer = pointer
        self.members = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
        self.names = members.map(\.name)
        recorder = nil
    }

    /// True if the field is there, null or not.
    func has(_ name: String) -> Bool { members[name] != nil }

    /// Fields that must be there and are read elsewhere.
    func require(_ names: String...) {
        for name in names {
            recorder?.require(name)
            if !has(name) { fail(name, "is required") }
        }
    }

    /// Fields of `rest` that a rule over all of them misses if they are not there; for the document only.
    func expect<Value>(_ names: String..., rule: FieldRule<Value>) {
        for name in names {
            recorder?.require(name)
            recorder?.note(name, rule.schema)
        }
    }

    /// A field that must be there.
    func required<Value>(_ name: String, _ rule: FieldRule<Value>, else standIn: Value) -> Value {
        require(name)
        return optional(name, rule) ?? standIn
    }

    /// A field that may be absent but not null.
    func optional<Value>(_ name: String, _ rule: FieldRule<Value>) -> Value? {
        recorder?.note(name, rule.schema)
        guard let value = take(name) else { return nil }
        return read(value, as: name, rule)
    }

    /// A field that may be absent or null.
    func nullable<Value>(_ name: String, _ rule: FieldRule<Value>) -> Change<Value> {
        recorder?.note(name, rule.schema, isNullable: true)
        guard let value = take(name) else { return .keep }
        if value == .null { return .clear }
        return read(value, as: name, rule).map { .set($0) } ?? .keep
    }

    /// A nested object that may be absent but not null.
    func object(_ name: String) -> JSONObject? {
        if let recorder { return JSONObject(recorder: recorder.noteObject(name)) }
        guard let value = take(name) else { return nil }
        return child(value, at: name)
    }

    /// A nested object that may be absent or null.
    func nullableObject(_ name: String) -> Change<JSONObject> {
        if let recorder { return .set(JSONObject(recorder: recorder.noteObject(name, isNullable: true))) }
        guard let value = take(name) else { return .keep }
        if value == .null { return .clear }
        return child(value, at: name).map { .set($0) } ?? .keep
    }

    /// A list of objects that may be absent but not null.
    func objects(_ name: String, atMost limit: Int) -> [JSONObject]? {
        if let recorder { return [JSONObject(recorder: recorder.noteObjects(name, limit: limit))] }
        guard let value = take(name) else { return nil }
        guard case .array(let values) = value else {
            fail(name, "must be an array, not \(value.kind)")
            return nil
        }
        guard values.count <= limit else {
            fail(name, "holds more than \(limit) items")
            return nil
        }
        return values.enumerated().compactMap { child($0.element, at: "\(name)/\($0.offset)") }
    }

    /// Every name not yet taken, with its value; for objects whose names are data.
    func rest<Value>(_ rule: FieldRule<Value>) -> [String: Value] {
        recorder?.noteRest(rule.schema)
        var values: [String: Value] = [:]
        for name in names where !taken.contains(name) {
            if let value = optional(name, rule) { values[name] = value }
        }
        return values
    }

    /// Refuses an end that has come already: what is made with it would never work.
    func requireFuture(_ name: String, _ end: Timestamp?, at now: Timestamp) {
        if let end, end <= now { fail(name, "must be in the future") }
    }

    /// Records a fault found by a rule over several fields.
    func fail(_ name: String, _ detail: String, code: String? = nil) {
        taken.insert(name)
        faults.append(FieldError(pointer: path(name), detail: detail))
        if self.code == nil { self.code = code }
    }

    /// Throws a 400 with every fault of this object and those inside it.
    func finish() throws(Problem) {
        let faults = allFaults()
        if !faults.isEmpty { throw Problem.invalid(faults, code: firstCode() ?? "invalid_request") }
    }

    private func read<Value>(_ value: JSONValue, as name: String, _ rule: FieldRule<Value>) -> Value? {
        do {
            return try rule.read(value)
        } catch {
            faults.append(FieldError(pointer: path(name) + error.subpath, detail: error.detail))
            if code == nil { code = error.code }
            return nil
        }
    }

    private func take(_ name: String) -> JSONValue? {
        taken.insert(name)
        return members[name]
    }

    private func child(_ value: JSONValue, at name: String) -> JSONObject? {
        guard case .object(let members) = value else {
            faults.append(FieldError(pointer: pointer + "/" + name, detail: "must be an object, not \(value.kind)"))
            return nil
        }
        let child = JSONObject(members, pointer: pointer + "/" + name)
        children.append(child)
        return child
    }

    private func allFaults() -> [FieldError] {
        let known = taken.sorted().joined(separator: ", ")
        let unknown = names.filter { !taken.contains($0) }.prefix(Self.unknownAtMost)
            .map { FieldError(pointer: path($0), detail: "is unknown or read-only; known are \(known)") }
        return faults + unknown + children.flatMap { $0.allFaults() }
    }

    private func firstCode() -> String? {
        code ?? children.lazy.compactMap { $0.firstCode() }.first
    }

    private func path(_ name: String) -> String {
        pointer + "/" + JSONPointer.escaped(name)
    }
}
