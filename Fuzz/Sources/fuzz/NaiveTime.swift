/// RFC 3339 read by its shape, and a calendar that counts year by year; what the product's is compared with.
enum NaiveTime {
    /// Microseconds since 1970; nil for what is no instant of the years 0 to 9999.
    static func microseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, shape(bytes[..<19]) == "0000-00-00T00:00:00" else { return nil }
        let year = number(bytes[0..<4])
        let month = number(bytes[5..<7])
        let day = number(bytes[8..<10])
        let hour = number(bytes[11..<13])
        let minute = number(bytes[14..<16])
        let second = number(bytes[17..<19])
        guard 1...12 ~= month, 1...days(in: month, of: year) ~= day, hour < 24, minute < 60, second < 60 else {
            return nil
        }
        var rest = bytes[19...]
        var fraction: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            fraction = Array(rest.dropFirst().prefix { 0x30...0x39 ~= $0 })
            guard 1...9 ~= fraction.count else { return nil }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard let east = offset(Array(rest)) else { return nil }
        var elapsed: Int64 = 0
        for other in min(year, 1970)..<max(year, 1970) { elapsed += isLeap(other) ? 366 : 365 }
        if year < 1970 { elapsed = -elapsed }
        for other in 1..<month { elapsed += days(in: other, of: year) }
        let minutes = ((elapsed + day - 1) * 24 + hour) * 60 + minute - east
        let six = (fraction + [UInt8](repeating: 0x30, count: 6)).prefix(6)
        return (minutes * 60 + second) * 1_000_000 + number(six)
    }

    /// Minutes east of UTC.
    private static func offset(_ bytes: [UInt8]) -> Int64? {
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        guard ["+00:00", "-00:00"].contains(shape(bytes[...])) else { return nil }
        let (hours, minutes) = (number(bytes[1..<3]), number(bytes[4..<6]))
        guard hours < 24, minutes < 60 else { return nil }
        return (bytes[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && year % 100 != 0 || year % 400 == 0 }

    /// With zeros for all digits.
    private static func shape(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { 0x30...0x39 ~= $0 ? 0x30 : $0 }, as: UTF8.self)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64 {
        digits.reduce(0) { $0 * 10 + Int64($1 &- 0x30) }
    }
}
