import Fuzzing
import Tenancy

@testable import AdminAPI

/// JSON Schema as far as the schemas of bodies go, each keyword by itself.
enum NaiveSchema {
    /// What of a value does not suit.
    static func faults(_ value: JSONValue, _ schema: JSONValue, at place: String = "") -> [String] {
        guard case .object(let keywords) = schema else { return [] }
        return keywords.flatMap { keyword in
            faults(value, keyword.name, keyword.value, schema).map { "\(place) \(keyword.name): \($0)" }
                + inner(value, keyword.name, keyword.value, schema, at: place)
        }
    }

    private static func faults(
        _ value: JSONValue, _ keyword: String, _ wanted: JSONValue, _ schema: JSONValue
    ) -> [String] {
        switch (keyword, value) {
        case ("type", _): texts(wanted).contains { suits(value, $0) } ? [] : ["is \(value.kind)"]
        case ("enum", _): items(wanted).contains(value) ? [] : ["is none of them"]
        case ("anyOf", _): items(wanted).contains { faults(value, $0).isEmpty } ? [] : ["suits none of them"]
        case ("minimum", .number(let digits)): isOrdered(text(wanted), digits) ? [] : [digits]
        case ("maximum", .number(let digits)): isOrdered(digits, text(wanted)) ? [] : [digits]
        case ("minLength", .string(let text)): text.unicodeScalars.count >= number(wanted) ? [] : [text]
        case ("maxLength", .string(let text)): text.unicodeScalars.count <= number(wanted) ? [] : [text]
        case ("maxItems", .array(let values)): values.count <= number(wanted) ? [] : ["\(values.count)"]
        case ("maxProperties", .object(let members)): members.count <= number(wanted) ? [] : ["\(members.count)"]
        case ("pattern", .string(let text)): isMatch(text, self.text(wanted)) ? [] : [text]
        case ("format", .string(let text)):
            self.text(wanted) != "date-time" || Timestamp(rfc3339: text) != nil ? [] : [text]
        case ("required", .object(let members)):
            texts(wanted).filter { name in !members.contains { $0.name == name } }
        case ("additionalProperties", .object(let members)) where wanted == .bool(false):
            members.map(\.name).filter { schema.member("properties")?.member($0) == nil }
        default: []
        }
    }

    /// Of items and members.
    private static func inner(
        _ value: JSONValue, _ keyword: String, _ wanted: JSONValue, _ schema: JSONValue, at place: String
    ) -> [String] {
        switch (keyword, value) {
        case ("items", .array(let values)):
            values.enumerated().flatMap { faults($0.element, wanted, at: "\(place)/\($0.offset)") }
        case ("properties", .object(let members)):
            members.flatMap { member in
                wanted.member(member.name).map { faults(member.value, $0, at: "\(place)/\(member.name)") } ?? []
            }
        case ("additionalProperties", .object(let members)):
            members.filter { schema.member("properties")?.member($0.name) == nil }
                .flatMap { faults($0.value, wanted, at: "\(place)/\($0.name)") }
        default: []
        }
    }

    private static func suits(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"),
            (.number, "number"):
            true
        case (.number(let digits), "integer"): Int128(digits) != nil
        default: false
        }
    }

    /// The few patterns there are; of another one nothing is known.
    private static func isMatch(_ text: String, _ pattern: String) -> Bool {
        let naive = NaiveDecimal(text)
        let isAmount =
            naive.map {
                $0.isNegative != false && $0.wholeDigits > 0 && $0.powerDigits == nil
                    && $0.fractionDigits.map { 1...12 ~= $0 } ?? true
            } ?? false
        switch pattern {
        case "^[0-9]+(ms|s|m|h|d)$":
            let unit = text.utf8.drop { 0x30...0x39 ~= $0 }
            return unit.count < text.utf8.count && ["ms", "s", "m", "h", "d"].contains { unit.elementsEqual($0.utf8) }
        case "^[0-9]+([.][0-9]{1,12})?$": return isAmount && naive?.isNegative == nil
        case "^-?[0-9]+([.][0-9]{1,12})?$": return isAmount
        case "^/": return text.utf8.first == UInt8(ascii: "/")
        default: return true
        }
    }

    private static func isOrdered(_ one: String, _ other: String) -> Bool {
        guard let one = Int128(one), let other = Int128(other) else { return true }
        return one <= other
    }

    private static func items(_ value: JSONValue) -> [JSONValue] {
        if case .array(let values) = value { values } else { [value] }
    }

    private static func texts(_ value: JSONValue) -> [String] { items(value).map(text) }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text), .number(let text): text
        default: ""
        }
    }

    private static func number(_ value: JSONValue) -> Int { Int(text(value)) ?? 0 }
}
