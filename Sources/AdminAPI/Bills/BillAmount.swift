import Billing

/// Amounts as bills write them: decimals of any length with any exponent, such as `0E-6176`, `-.5` and
/// `0.0123456789012345678901234567890123456789`.
enum BillAmount {
    /// Text that is read at all; a decimal of 34 digits and the smallest exponent, written out, has some 6,200.
    private static let mostBytes = 10_000
    /// A trillion US dollars in picodollars has as many.
    private static let mostDigits = 25

    /// US dollars, rounded half to even to the picodollar; nil for what is no number or beyond a trillion. The point
    /// moves `shift` places to the right; a credit is below zero.
    static func read(_ text: String, shift: Int = 0) -> Money? {
        guard text.utf8.count <= mostBytes else { return nil }
        let isCredit = text.hasPrefix("-")
        let parts = text.dropFirst(isCredit || text.hasPrefix("+") ? 1 : 0).split(
            maxSplits: 1, omittingEmptySubsequences: false
        ) { $0 == "e" || $0 == "E" }
        guard let mantissa = parts.first, let exponent = power(parts.dropFirst().first) else { return nil }
        let halves = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = halves.joined(separator: "").utf8.map { $0 &- UInt8(ascii: "0") }
        guard !digits.isEmpty, digits.allSatisfy({ $0 <= 9 }), halves.last?.isEmpty == false else { return nil }
        let fraction = halves.count == 2 ? halves[1].utf8.count : 0
        let significant = Array(digits.drop { $0 == 0 })
        if significant.isEmpty { return .zero }
        guard let pico = whole(significant, movedBy: exponent - fraction + shift + 12) else { return nil }
        return Money(pico: isCredit ? -pico : pico)
    }

    /// 0 without one. Beyond any amount it only matters which way it goes.
    private static func power(_ text: Substring?) -> Int? {
        guard let text else { return 0 }
        let isBelow = text.hasPrefix("-")
        let digits = text.hasPrefix("+") || isBelow ? text.dropFirst() : text
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let size = min(Int(digits) ?? .max, 100_000)
        return isBelow ? -size : size
    }

    private static func whole(_ digits: [UInt8], movedBy places: Int) -> Int128? {
        guard digits.count + places <= mostDigits else { return nil }
        let kept = digits.prefix(max(digits.count + min(places, 0), 0))
        var value = kept.reduce(Int128(0)) { $0 * 10 + Int128($1) }
        if places >= 0 { return (0..<places).reduce(value) { value, _ in value * 10 } }
        // Without a kept digit the first one dropped is a tenth of a picodollar only if nothing lies between.
        let rest = digits.count + places >= 0 ? digits.dropFirst(kept.count) : []
        let isHalf = rest.first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
        if (rest.first ?? 0) > 5 || (rest.first == 5 && !isHalf) || (isHalf && value % 2 != 0) { value += 1 }
        return value
    }
}
