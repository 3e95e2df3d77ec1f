import Billing
import Tenancy

extension FieldRule where Value == Int64 {
    /// A whole number within `range`.
    static func integer(_ range: ClosedRange<Int64>) -> FieldRule {
        FieldRule(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]) {
            value throws(FieldFault) in
            guard case .number(let digits) = value else { throw FieldFault("must be a number, not \(value.kind)") }
            guard let number = Int64(digits) else {
                let isWhole = digits.utf8.allSatisfy { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-") }
                throw FieldFault(isWhole ? "is out of range" : "must be a whole number")
            }
            guard range.contains(number) else {
                throw FieldFault("must be between \(range.lowerBound) and \(range.upperBound)")
            }
            return number
        }
    }

    /// A span such as `"10s"`, in milliseconds, within `range`.
    static func duration(_ range: ClosedRange<Int64>) -> FieldRule {
        FieldRule(["type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$", "examples": ["10s"]]) {
            value throws(FieldFault) in
            guard case .string(let text) = value else {
                throw FieldFault("must be a string with a unit such as \"10s\", not \(value.kind)")
            }
            guard let milliseconds = DurationText.milliseconds(text) else {
                throw FieldFault("must be a whole number and one of ms, s, m, h, d, such as \"10s\"")
            }
            guard range.contains(milliseconds) else {
                let bounds = (DurationText.text(range.lowerBound), DurationText.text(range.upperBound))
                throw FieldFault("must be between \(bounds.0) and \(bounds.1)")
            }
            return milliseconds
        }
    }

    /// A factor such as `"1.2"` in millionths, 0 to 1,000.
    static var factor: FieldRule {
        FieldRule(["type": ["string", "number"]]) { value throws(FieldFault) in
            let text = try decimalText(value)
            guard let factor = FixedPoint.read(text, fractionDigits: 6), Tenant.multipliersPPM.contains(factor) else {
                throw FieldFault("must be a decimal between 0 and 1000 with at most 6 fraction digits")
            }
            return factor
        }
    }

    /// The digits of a decimal given as a string or as a number.
    static func decimalText(_ value: JSONValue) throws(FieldFault) -> String {
        switch value {
        case .string(let text), .number(let text): return text
        default: throw FieldFault("must be a decimal, not \(value.kind)")
        }
    }
}

extension FieldRule where Value == Int {
    /// A whole number within `range`.
    static func count(_ range: ClosedRange<Int64>) -> FieldRule {
        FieldRule(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]) {
            value throws(FieldFault) in
            Int(clamping: try FieldRule<Int64>.integer(range).read(value))
        }
    }
}

extension FieldRule where Value == Bool {
    /// `true` or `false`.
    static var flag: FieldRule {
        FieldRule(["type": "boolean"]) { value throws(FieldFault) in
            guard case .bool(let flag) = value else { throw FieldFault("must be true or false, not \(value.kind)") }
            return flag
        }
    }
}

extension FieldRule where Value == Money {
    /// An amount of US dollars as a decimal string, >= 0.
    static var money: FieldRule {
        FieldRule(["type": "string", "pattern": "^[0-9]+([.][0-9]{1,12})?$", "examples": ["10.00"]]) {
            value throws(FieldFault) in
            guard case .string(let text) = value else {
                throw FieldFault("must be a decimal string such as \"10.00\", not \(value.kind)")
            }
            do throws(MoneyError) {
                return try Money(decimal: text)
            } catch {
                throw FieldFault(MoneyFault.text(error), code: MoneyFault.code(error))
            }
        }
    }
}

extension FieldRule where Value == Timestamp {
    /// An RFC 3339 instant.
    static var instant: FieldRule {
        FieldRule(["type": "string", "format": "date-time", "examples": ["2026-11-01T00:00:00Z"]]) {
            value throws(FieldFault) in
            guard case .string(let text) = value else { throw FieldFault("must be a string, not \(value.kind)") }
            guard let instant = Timestamp(rfc3339: text) else {
                throw FieldFault("must be an RFC 3339 time such as 2026-11-01T00:00:00Z")
            }
            return instant
        }
    }
}

extension FieldRule where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
    /// One of the named values.
    static var choice: FieldRule {
        FieldRule(["type": "string", "enum": .texts(Value.allCases.map(\.rawValue))]) { value throws(FieldFault) in
            let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
            guard case .string(let text) = value, let choice = Value(rawValue: text) else {
                throw FieldFault("must be one of \(names)")
            }
            return choice
        }
    }
}
