/// A decimal as one reads it with pencil and paper: digits, and where the point stands. Independent of the product's
/// readers, which it is compared with.
package struct NaiveDecimal {
    /// A minus sign; nil without a sign.
    package let isNegative: Bool?
    /// Digits before the point.
    package let wholeDigits: Int
    /// Digits behind the point; nil without a point.
    package let fractionDigits: Int?
    /// Digits of the exponent; nil without one.
    package let powerDigits: Int?
    /// All digits as they stand, with no zeros before them.
    package let significant: [UInt8]
    /// The number is the digits times ten to the power of this.
    package let exponent: Int

    /// Digits with at most one point, perhaps a sign before and an exponent behind; nil for anything else.
    package init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        isNegative = Self.sign(&rest)
        let whole = Self.digits(&rest)
        wholeDigits = whole.count
        var fraction: [UInt8]?
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.digits(&rest)
        }
        fractionDigits = fraction?.count
        var power: (digits: [UInt8], isNegative: Bool)?
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            let isNegative = Self.sign(&rest) ?? false
            power = (Self.digits(&rest), isNegative)
        }
        powerDigits = power?.digits.count
        let all = whole + (fraction ?? [])
        guard rest.isEmpty, !all.isEmpty, power?.digits.isEmpty != true else { return nil }
        significant = Array(all.drop { $0 == UInt8(ascii: "0") })
        let size = power.map { min(Int(String(decoding: $0.digits, as: UTF8.self)) ?? .max, 1_000_000) } ?? 0
        exponent = (power?.isNegative == true ? -size : size) - (fraction?.count ?? 0)
    }

    /// Without its sign, after the point moved to the right, rounded half to even; nil for more than 36 digits.
    package func whole(movedBy places: Int) -> (value: Int128, isExact: Bool)? {
        if significant.isEmpty { return (0, true) }
        let shift = exponent + places
        guard significant.count + max(shift, 0) <= 36 || shift < 0 else { return nil }
        if shift >= 0 {
            return Self.number(significant + [UInt8](repeating: UInt8(ascii: "0"), count: shift)).map { ($0, true) }
        }
        // So small that not even the first digit counts.
        guard -shift <= significant.count else { return (0, false) }
        let kept = significant.dropLast(-shift)
        let dropped = significant.suffix(-shift)
        guard kept.count <= 36, let value = Self.number(Array(kept)) else { return nil }
        let half = [UInt8(ascii: "5")] + [UInt8](repeating: UInt8(ascii: "0"), count: dropped.count - 1)
        let isUp = half.lexicographicallyPrecedes(dropped) || (half.elementsEqual(dropped) && value % 2 == 1)
        return (isUp ? value + 1 : value, dropped.allSatisfy { $0 == UInt8(ascii: "0") })
    }

    private static func number(_ digits: [UInt8]) -> Int128? {
        digits.isEmpty ? 0 : Int128(String(decoding: digits, as: UTF8.self))
    }

    private static func sign(_ rest: inout ArraySlice<UInt8>) -> Bool? {
        guard let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") else { return nil }
        rest.removeFirst()
        return first == UInt8(ascii: "-")
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array(rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        rest = rest.dropFirst(digits.count)
        return digits
    }
}
