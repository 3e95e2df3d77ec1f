public import Tenancy

/// A UTC calendar month, the span that is billed; written `2026-11`.
public struct BillingPeriod: Hashable, Comparable, Sendable, CustomStringConvertible {
    let year: Int64
    let month: Int64

    /// The month an instant falls in, by the civil calendar counted from 0000-03-01 in eras of 400 years.
    public init(containing instant: Timestamp) {
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

    /// Reads `2026-11`; nil for anything else, and for years before 1970.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }),
            let year = Int64(parts[0]), year >= 1970, let month = Int64(parts[1]), 1...12 ~= month
        else { return nil }
        self.year = year
        self.month = month
    }

    private init(year: Int64, month: Int64) {
        self.year = year
        self.month = month
    }

    /// `2026-11`.
    public var text: String {
        let digits = String(year)
        let padding = String(repeating: "0", count: max(0, 4 - digits.count))
        return padding + digits + (month < 10 ? "-0" : "-") + String(month)
    }

    /// The same as `text`.
    public var description: String { text }

    /// The month after it.
    public var next: BillingPeriod {
        month == 12 ? BillingPeriod(year: year + 1, month: 1) : BillingPeriod(year: year, month: month + 1)
    }

    /// Its first instant.
    public var start: Timestamp {
        Timestamp(microseconds: CivilDate(year: year, month: month, day: 1).daysSince1970 * 86_400_000_000)
    }

    /// The first instant after it.
    public var end: Timestamp { next.start }

    /// Orders by time.
    public static func < (left: BillingPeriod, right: BillingPeriod) -> Bool {
        (left.year, left.month) < (right.year, right.month)
    }
}
