/// Decimals as FOCUS files have them: never whole, because readers that guess a column's type from its cells would take
/// one without a point for integers.
enum FocusNumber {
    static func text(_ money: Money) -> String {
        let digits = money.decimal
        return digits.utf8.contains(UInt8(ascii: ".")) ? digits : digits + ".0"
    }

    static func text(_ number: Int64) -> String { String(number) + ".0" }
}
