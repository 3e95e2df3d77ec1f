import Hummingbird
import Tenancy

/// Reads query parameters and refuses those nobody asked for.
struct Query {
    private var values: [String: String] = [:]
    private var faults: [FieldError] = []

    init(_ request: Request) {
        for (name, value) in request.uri.queryParameters {
            if values.updateValue(String(value), forKey: String(name)) != nil {
                faults.append(FieldError(pointer: "?\(name)", detail: "is given twice"))
            }
        }
    }

    /// The parameter's text; nil if absent.
    mutating func text(_ name: String) -> String? {
        values.removeValue(forKey: name)
    }

    /// One of the named values; nil if absent.
    mutating func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of: Value.Type) -> Value?
    where Value.RawValue == String {
        guard let text = text(name) else { return nil }
        if let value = Value(rawValue: text) { return value }
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        faults.append(FieldError(pointer: "?\(name)", detail: "must be one of \(names)"))
        return nil
    }

    /// `true` or `false`; false if absent.
    mutating func flag(_ name: String) -> Bool {
        switch text(name) {
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
        guard let text = text(name) else { return nil }
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
        let after = text("after")
        guard let text = text("limit") else { return PageRequest(limit: 100, after: after) }
        guard let limit = Int(text), 1...1000 ~= limit else {
            faults.append(FieldError(pointer: "?limit", detail: "must be a whole number between 1 and 1000"))
            return PageRequest(limit: 1, after: after)
        }
        return PageRequest(limit: limit, after: after)
    }

    /// Throws a 400 with every fault, unknown parameters included.
    func finish() throws(Problem) {
        let unknown = values.keys.sorted().map { FieldError(pointer: "?\($0)", detail: "is unknown") }
        if !(faults + unknown).isEmpty { throw Problem.invalid(faults + unknown) }
    }
}
