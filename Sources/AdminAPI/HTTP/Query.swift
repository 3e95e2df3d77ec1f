import Hummingbird
import Tenancy

/// Reads query parameters and refuses those nobody asked for.
struct Query {
    private var values: [String: String] = [:]
    private var faults: [FieldError] = []
    /// What was asked for, in order.
    private(set) var parameters: [QueryParameter] = []

    /// No parameters, for a reader that is to tell what it would take.
    init() {}

    init(_ request: Request) {
        for item in QueryItem.all(of: request) {
            if values.updateValue(item.value, forKey: item.name) != nil { fail(item.name, "is given twice") }
            if let fault = item.fault { faults.append(fault) }
        }
    }

    /// The parameter's text; nil if absent.
    mutating func text(_ name: String) -> String? {
        take(name, ["type": "string"])
    }

    /// The text of a parameter that must be there; empty if it is not, which `finish` refuses.
    mutating func required(_ name: String) -> String {
        if let text = take(name, ["type": "string"], isRequired: true) { return text }
        fail(name, "is required")
        return ""
    }

    /// A whole number within `range`; nil if absent.
    mutating func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let text = take(name, FieldRule<Int64>.integer(range).schema) else { return nil }
        if let number = Int64(text), range.contains(number) { return number }
        fail(name, "must be a whole number between \(range.lowerBound) and \(range.upperBound)")
        return nil
    }

    /// One of the named values; nil if absent.
    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String,
        of: Value.Type,
        isRequired: Bool = false
    ) -> Value? where Value.RawValue == String {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        let schema: JSONValue = ["type": "string", "enum": .texts(Value.allCases.map(\.rawValue))]
        guard let text = take(name, schema, isRequired: isRequired) else {
            if isRequired { fail(name, "is required: one of \(names)") }
            return nil
        }
        if let value = Value(rawValue: text) { return value }
        faults.append(FieldError(pointer: "?\(name)", detail: "must be one of \(names)"))
        return nil
    }

    /// `true` or `false`; false if absent.
    mutating func flag(_ name: String) -> Bool {
        switch take(name, ["type": "string", "enum": ["true", "false"]]) {
        case nil, "false": return false
        case "true": return true
        default:
            fail(name, "must be true or false")
            return false
        }
    }

    /// Records what is wrong with a parameter.
    mutating func fail(_ name: String, _ detail: String) {
        faults.append(FieldError(pointer: "?\(name)", detail: detail))
    }

    /// An RFC 3339 instant; nil if absent.
    mutating func instant(_ name: String) -> Timestamp? {
        guard let text = take(name, FieldRule<Timestamp>.instant.schema) else { return nil }
        let instant = Timestamp(rfc3339: text)
        if instant == nil { fail(name, "must be an RFC 3339 time such as 2026-11-01T00:00:00Z") }
        return instant
    }

    /// A cursor that is a whole number; nil if absent.
    mutating func whole(_ text: String?, _ name: String) -> Int64? {
        guard let text else { return nil }
        let number = Int64(text)
        if number == nil { fail(name, "is not a cursor of this list") }
        return number
    }

    /// `limit` (1-1000, default 100) and `after`.
    mutating func page() -> PageRequest {
        let after = text("after").map { PageRequest.cursor(told: $0) }
        return PageRequest(limit: Int(integer("limit", 1...1000) ?? 100), after: after)
    }

    private mutating func take(_ name: String, _ schema: JSONValue, isRequired: Bool = false) -> String? {
        parameters.append(QueryParameter(name: name, schema: schema, isRequired: isRequired))
        return values.removeValue(forKey: name)
    }

    /// Throws a 400 with every fault, unknown parameters included.
    func finish() throws(Problem) {
        let names = parameters.map(\.name).sorted()
        let known = names.isEmpty ? "none" : names.joined(separator: ", ")
        let unknown = values.keys.sorted().map {
            FieldError(pointer: "?\($0)", detail: "is unknown; known are \(known)")
        }
        if !(faults + unknown).isEmpty { throw Problem.invalid(faults + unknown) }
    }
}
