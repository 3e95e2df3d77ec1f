/// Decimals of dollars in saved files.
enum SavedAmount {
    private static let fractionDigits = 12

    /// Picodollars, exactly; nil for anything but a plain decimal, perhaps with a minus sign, and for what no invoice
    /// has.
    static func pico(_ text: String) -> Int128? {
        let isNegative = text.hasPrefix("-")
        let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        // What reads numbers takes a plus sign too.
        guard 1...2 ~= parts.count, parts[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let whole = Int128(parts[0])
        else { return nil }
        let digits = parts.count == 2 ? String(parts[1]) : ""
        guard digits.utf8.count <= fractionDigits, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let padded = digits + String(repeating: "0", count: fractionDigits - digits.utf8.count)
        guard let fraction = Int128(padded) else { return nil }
        let (scaled, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000_000_000)
        let (pico, overflow) = scaled.addingReportingOverflow(fraction)
        if isTooLarge || overflow { return nil }
        return isNegative ? -pico : pico
    }
}
