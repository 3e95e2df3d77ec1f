import Tenancy
import Testing

@testable import Proxy

struct RetryAfterTests {
    // 1994-11-06T08:49:00Z
    private static let now = Timestamp(microseconds: 784_111_740_000_000)

    static let cases: [(String, Int64?)] = [
        ("30", 30), (" 30 ", 30), ("0", 1), ("599.0", 599), ("99999999999999999999999", 600), ("601", 600),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 600),
        ("Sun Nov  6 08:49:37 1994", 37), ("Sun, 06 Nov 1994 08:00:00 GMT", 1), ("Sun, 06 Nov 2094 08:00:00 GMT", 600),
        ("", nil), ("soon", nil), ("-5", nil), ("1e3", nil), ("30 seconds", nil),
        ("Sun, 31 Feb 1994 08:49:37 GMT", nil),
        ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil), ("a b c d e f", nil),
        (String(repeating: "9", count: 200), nil), ("٣٠", nil),
    ]

    @Test(arguments: cases)
    func `seconds and dates are read and kept within ten minutes`(_ text: String, _ seconds: Int64?) {
        #expect(RetryAfter.seconds(text, at: Self.now) == seconds)
    }
}
