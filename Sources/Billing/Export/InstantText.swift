import Tenancy

/// Instants as RFC 3339, the same as `Timestamp.rfc3339` writes them; neighbours share their day, so it is kept.
struct InstantText {
    private var day = Int64.min
    private var date: [UInt8] = []

    /// A JSON string.
    mutating func json(_ instant: Timestamp) -> [UInt8] {
        let start = RollUpSums.start(of: instant, span: RollUpSums.day)
        if start != day {
            day = start
            date = Array(Timestamp(microseconds: start).rfc3339.utf8.prefix(11))
        }
        let rest = instant.microseconds - start
        let second = rest / 1_000_000
        var text = [UInt8(ascii: "\"")] + date
        Self.append(second / 3600, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(second / 60 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(second % 60, digits: 2, to: &text)
        if rest % 1_000_000 != 0 {
            text.append(UInt8(ascii: "."))
            Self.append(rest % 1_000_000, digits: 6, to: &text)
        }
        text += "Z\"".utf8
        return text
    }

    private static func append(_ number: Int64, digits: Int, to text: inout [UInt8]) {
        var place: Int64 = 1
        for _ in 1..<digits { place *= 10 }
        while place > 0 {
            text.append(UInt8(ascii: "0") + UInt8(clamping: number / place % 10))
            place /= 10
        }
    }
}
