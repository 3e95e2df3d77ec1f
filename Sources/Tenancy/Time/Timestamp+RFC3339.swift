extension Timestamp {
    /// An instant such as `2026-11-23T12:00:00.5+01:00`; nil for anything RFC 3339 does not allow, leap seconds
    /// included. Digits below the microsecond are dropped.
    public init?(rfc3339 text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        guard let year = scanner.number(digits: 4), scanner.skip("-"),
            let month = scanner.number(digits: 2), scanner.skip("-"),
            let day = scanner.number(digits: 2), scanner.skip("T"),
            let hour = scanner.number(digits: 2), hour < 24, scanner.skip(":"),
            let minute = scanner.number(digits: 2), minute < 60, scanner.skip(":"),
            let second = scanner.number(digits: 2), second < 60
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard date.exists, let fraction = scanner.fraction(), let offset = scanner.offset(), scanner.isAtEnd else {
            return nil
        }
        let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// The instant in UTC, with microseconds only where there are some; clamped to the years 0 to 9999.
    public var rfc3339: String {
        let clamped = min(max(microseconds, -62_167_219_200_000_000), 253_402_300_799_999_999)
        let instant = Timestamp(microseconds: clamped)
        let days = (instant.seconds >= 0 ? instant.seconds : instant.seconds - 86_399) / 86_400
        let date = CivilDate(daysSince1970: days)
        let second = instant.seconds - days * 86_400
        let fraction = clamped - instant.seconds * 1_000_000
        let day = [Self.padded(date.year, 4), Self.padded(date.month, 2), Self.padded(date.day, 2)]
        let clock = [second / 3600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }
        let decimals = fraction == 0 ? "" : "." + Self.padded(fraction, 6)
        return day.joined(separator: "-") + "T" + clock.joined(separator: ":") + decimals + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
            position += 1
            return true
        }

        mutating func number(digits count: Int) -> Int64? {
            guard position + count <= bytes.count else { return nil }
            var number: Int64 = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return number
        }

        /// Microseconds; 0 where no fraction is given.
        mutating func fraction() -> Int64? {
            guard skip(".") else { return 0 }
            var number: Int64 = 0
            var count = 0
            while count < 9, let digit = digit() {
                if count < 6 { number = number * 10 + digit }
                count += 1
            }
            guard count > 0 else { return nil }
            for _ in min(count, 6)..<6 { number *= 10 }
            return number
        }

        /// Seconds east of UTC.
        mutating func offset() -> Int64? {
            if skip("Z") { return 0 }
            let isEast = skip("+")
            guard isEast || skip("-"), let hours = number(digits: 2), hours < 24, skip(":"),
                let minutes = number(digits: 2), minutes < 60
            else { return nil }
            return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
        }

        private mutating func digit() -> Int64? {
            guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
            position += 1
            return Int64(bytes[position - 1] - 0x30)
        }
    }
}
