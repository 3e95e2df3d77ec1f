import Tenancy
import Testing

@testable import AdminAPI

@Suite struct HTTPDateTests {
    @Test(
        "instants are written as HTTP has them",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (1_796_083_199, "Mon, 30 Nov 2026 23:59:59 GMT"),
        ])
    func known(seconds: Int64, text: String) {
        #expect(HTTPDate.text(Timestamp(microseconds: seconds * 1_000_000 + 999_999)) == text)
    }
}
