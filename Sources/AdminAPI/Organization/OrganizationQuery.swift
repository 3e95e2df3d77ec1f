import Foundation
import Hummingbird
import Tenancy

/// Reads query parameters as OpenAI's clients write them (`name[]=a&name[]=b`, `range[gt]=1`), and refuses those nobody
/// asked for.
struct OrganizationQuery {
    private var values: [String: [String]] = [:]
    private var faults: [FieldError] = []

    /// Values one list may have.
    private static let valuesAtMost = 1000

    init(_ request: Request) {
        for item in QueryItem.all(of: request, isForm: true) {
            let name = item.name.hasSuffix("[]") ? String(item.name.dropLast(2)) : item.name
            values[name, default: []].append(item.value)
            if let fault = item.fault { faults.append(fault) }
        }
    }

    /// All values of a parameter; nil if absent.
    mutating func list(_ name: String) -> [String]? {
        guard let list = values.removeValue(forKey: name) else { return nil }
        if list.count > Self.valuesAtMost { fail(name, "has more than \(Self.valuesAtMost) values") }
        return list
    }

    /// The parameter's only value; nil if absent.
    mutating func text(_ name: String) -> String? {
        guard let list = values.removeValue(forKey: name) else { return nil }
        if list.count > 1 { fail(name, "is given twice") }
        return list.first
    }

    /// A whole number in a range; nil if absent.
    mutating func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            fail(name, "must be a whole number between \(range.lowerBound) and \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Seconds since 1970; nil if absent.
    mutating func instant(_ name: String) -> Timestamp? {
        integer(name, 0...253_370_764_800).map { Timestamp(microseconds: $0 * 1_000_000) }
    }

    /// `true` or `false`; nil if absent.
    mutating func flag(_ name: String) -> Bool? {
        switch text(name) {
        case nil: return nil
        case "true": return true
        case "false": return false
        default:
            fail(name, "must be true or false")
            return nil
        }
    }

    /// One of the named values; nil if absent.
    mutating func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of: Value.Type) -> Value?
    where Value.RawValue == String {
        guard let text = text(name) else { return nil }
        if let value = Value(rawValue: text) { return value }
        failChoice(name, of)
        return nil
    }

    /// Some of the named values, each once; empty if absent.
    mutating func choices<Value: RawRepresentable & CaseIterable & Hashable>(_ name: String, of: Value.Type) -> [Value]
    where Value.RawValue == String {
        var chosen: [Value] = []
        for text in list(name) ?? [] {
            guard let value = Value(rawValue: text) else {
                failChoice(name, of)
                continue
            }
            if !chosen.contains(value) { chosen.append(value) }
        }
        return chosen
    }

    /// `limit` (1-100, default 20), `after`, `before` and `order`.
    mutating func page(orders: Bool = false) -> OrganizationPage {
        var page = OrganizationPage(limit: Int(clamping: integer("limit", 1...100) ?? 20))
        page.after = text("after")
        page.before = text("before")
        if page.after != nil, page.before != nil { fail("before", "cannot be used with after") }
        if orders, choice("order", of: OrganizationPage.Order.self) == .desc { page.isDescending = true }
        return page
    }

    /// Records what is wrong with a parameter.
    mutating func fail(_ name: String, _ detail: String) {
        faults.append(FieldError(pointer: "?\(name)", detail: detail))
    }

    /// Throws a 400 with every fault, unknown parameters included.
    func finish() throws(Problem) {
        let unknown = values.keys.sorted().map { FieldError(pointer: "?\($0)", detail: "is unknown") }
        if !(faults + unknown).isEmpty { throw Problem.invalid(faults + unknown) }
    }

    private mutating func failChoice<Value: RawRepresentable & CaseIterable>(_ name: String, _ type: Value.Type)
    where Value.RawValue == String {
        fail(name, "must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
    }
}
