import Billing

/// What to say of an amount that is none.
enum MoneyFault {
    /// For people.
    static func text(_ error: MoneyError) -> String {
        switch error {
        case .malformed: "must be plain decimal digits without sign, exponent or space"
        case .tooManyFractionDigits: "has more fraction digits than can be kept exactly"
        case .outOfRange: "is out of range"
        }
    }

    /// For programs; nil for the general code.
    static func code(_ error: MoneyError) -> String? {
        error == .outOfRange ? "amount_out_of_range" : nil
    }
}
