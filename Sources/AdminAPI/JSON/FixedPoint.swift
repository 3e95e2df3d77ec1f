/// Decimals with a fixed number of fraction digits, kept as whole numbers.
enum FixedPoint {
    /// `"1.2"` with 6 fraction digits is 1,200,000. Nil for signs, exponents, spaces, finer or too large numbers.
    static func read(_ text: String, fractionDigits: Int) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.count == 1 || !parts[1].isEmpty else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard fraction.count <= fractionDigits else { return nil }
        let zeros = [UInt8](repeating: 0x30, count: fractionDigits - fraction.count)
        var value: Int64 = 0
        for digit in Array(whole) + fraction + zeros {
            guard 0x30...0x39 ~= digit else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, wrapped) = product.addingReportingOverflow(Int64(digit - 0x30))
            guard !overflow, !wrapped else { return nil }
            value = sum
        }
        return value
    }

    /// The shortest decimal of a value >= 0.
    static func text(_ value: Int64, fractionDigits: Int) -> String {
        let digits = String(value)
        let padded = String(repeating: "0", count: max(0, fractionDigits + 1 - digits.count)) + digits
        var fraction = padded.suffix(fractionDigits)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let whole = padded.dropLast(fractionDigits)
        return fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
    }
}
