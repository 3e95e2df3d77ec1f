import Tenancy

/// A UTC calendar month, the span that is billed; written `2026-11`.
struct BillingPeriod: Hashable, Sendable {
    let year: Int64
    let month: Int64

    /// The month an instant falls in, by the civil calendar counted from 0000-03-01 in eras of 400 years.
    init(containing instant: Timestamp) {
        let seconds = instant.seconds
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400 + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var text: String {
        let digits = String(year)
        let padding = String(repeating: "0", count: max(0, 4 - digits.count))
        return padding + digits + (month < 10 ? "-0" : "-") + String(month)
    }
}
