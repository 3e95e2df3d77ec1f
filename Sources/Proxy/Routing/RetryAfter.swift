import Tenancy

/// Reads a backend's `Retry-After`: seconds, or a date in one of HTTP's three formats; pure.
enum RetryAfter {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Seconds from 1 to ten minutes; nil when the text is neither a number nor a date.
    static func seconds(_ text: String, at now: Timestamp) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        let trimmed = text.drop { $0 == " " }
        let digits = trimmed.prefix { $0.isASCII && $0.isWholeNumber }
        if !digits.isEmpty, trimmed.dropFirst(digits.count).allSatisfy({ $0 == " " || $0 == "." || $0 == "0" }) {
            return bounded(Int64(digits) ?? .max)
        }
        guard let date = date(text) else { return nil }
        let (wait, overflow) = date.subtractingReportingOverflow(now.seconds)
        return overflow ? nil : bounded(wait)
    }

    private static func bounded(_ seconds: Int64) -> Int64 {
        min(max(seconds, 1), Cooldown.longestAskedSeconds)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    private static func date(_ text: String) -> Int64? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        guard words.count == 5 || words.count == 6 else { return nil }
        let isAsctime = months.contains(words[1].lowercased())
        guard let month = months.firstIndex(of: words[isAsctime ? 1 : 2].lowercased()),
            let day = number(words[isAsctime ? 2 : 1], upTo: 2),
            let written = number(words[isAsctime ? 4 : 3], upTo: 4),
            let time = clock(words[isAsctime ? 3 : 4])
        else { return nil }
        let year = written < 100 ? written + 2000 : written
        let date = CivilDate(year: year, month: Int64(month) + 1, day: day)
        return date.exists ? date.daysSince1970 * 86_400 + time : nil
    }

    private static func clock(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { number($0, upTo: 2) }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, upTo digits: Int) -> Int64? {
        guard 1...digits ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int64(text)
    }
}
