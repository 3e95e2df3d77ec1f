import Tenancy
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-23T12:00:00Z", 1_795_435_200_000_000),
            ("2026-11-23T12:00:00.5Z", 1_795_435_200_500_000),
            ("2026-11-23T12:00:00.000001Z", 1_795_435_200_000_001),
            ("2026-11-23T13:00:00+01:00", 1_795_435_200_000_000),
            ("2026-11-23T06:15:00-05:45", 1_795_435_200_000_000),
            ("2024-02-29T23:59:59.999999Z", 1_709_251_199_999_999),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(String, Int64)])
    func `reads RFC 3339`(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23 12:00:00Z", "2026-11-23t12:00:00z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T12:60:00Z",
        "2026-11-23T12:00:60Z", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00.1234567890Z",
        "2026-11-23T12:00:00+24:00", "2026-11-23T12:00:00+01", "2026-11-23T12:00:00+0100", "2026-11-23T12:00:00ZZ",
        "+2026-11-23T12:00:00Z", "-026-11-23T12:00:00Z", "２026-11-23T12:00:00Z", "2026-1-23T12:00:00Z",
    ])
    func `refuses what RFC 3339 does not allow`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_435_200_500_000, "2026-11-23T12:00:00.500000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (Int64.min, "0000-01-01T00:00:00Z"),
            (Int64.max, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func `writes UTC with microseconds only where there are some`(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test func `what is written is read back`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let range: ClosedRange<Int64> = -62_167_219_200_000_000...253_402_300_799_999_999
            let instant = Timestamp(microseconds: .random(in: range, using: &generator))
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant, "\(instant.microseconds)")
        }
    }

    @Test func `moving beyond the range stays at its end`() {
        #expect(Timestamp(microseconds: .max).adding(milliseconds: 1) == Timestamp(microseconds: .max))
        #expect(Timestamp(microseconds: 0).adding(milliseconds: .min) == Timestamp(microseconds: .min))
        #expect(Timestamp(microseconds: .max).microseconds - Timestamp(microseconds: .min).microseconds > 0)
        #expect(Timestamp(microseconds: -1).seconds == -1)
    }
}
