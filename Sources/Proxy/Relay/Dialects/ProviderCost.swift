import Billing

/// A provider's own charge, read from its decimal digits without a detour through binary fractions.
enum ProviderCost {
    /// More digits than any amount needs that is not 0.
    private static let digitLimit = 30
    private static let picoDigits = 12

    /// The amount a checked JSON number spells, in US dollars times ten to the power of `shift`; half a picodollar and
    /// more is one. Nil if it is no number, is negative, or leaves what a ledger line can hold.
    static func parse(_ value: JSONSpan, in bytes: UnsafeRawBufferPointer, shift: Int = 0) -> Money? {
        guard value.kind == .number, bytes[value.start] != UInt8(ascii: "-") else { return nil }
        var digits: Int128 = 0
        var count = 0
        var exponent = shift + picoDigits
        var isFraction = false
        var position = value.start
        while position < value.end, bytes[position] | 0x20 != UInt8(ascii: "e") {
            defer { position += 1 }
            if bytes[position] == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            // Digits beyond the limit no longer change a picodollar, but those before the point still shift it.
            if count == digitLimit {
                if !isFraction { exponent += 1 }
                continue
            }
            digits = digits * 10 + Int128(bytes[position] &- UInt8(ascii: "0"))
            if digits > 0 { count += 1 }
            if isFraction { exponent -= 1 }
        }
        if position < value.end {
            guard let power = power(bytes[position + 1..<value.end]) else {
                return digits == 0 || bytes[position + 1] == UInt8(ascii: "-") ? .zero : nil
            }
            exponent += power
        }
        return scaled(digits, exponent)
    }

    /// The exponent's value; nil when it is beyond all sense.
    private static func power(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard text.count <= 5 else { return nil }
        return Int(String(decoding: text, as: UTF8.self))
    }

    private static func scaled(_ digits: Int128, _ exponent: Int) -> Money? {
        var amount = digits
        var rest = exponent
        if rest < -digitLimit { return .zero }
        while rest < 0 {
            rest += 1
            amount = rest == 0 ? (amount + 5) / 10 : amount / 10
        }
        while rest > 0, amount > 0 {
            guard amount <= Int128(Int64.max) else { return nil }
            amount *= 10
            rest -= 1
        }
        return amount <= Int128(Int64.max) ? Money(pico: amount) : nil
    }
}
