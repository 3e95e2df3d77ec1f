import Testing

@testable import AdminAPI

@Suite struct FixedPointTests {
    @Test(
        "decimals are read exactly",
        arguments: [
            ("0", 0), ("1", 1000), ("1.5", 1500), ("0.001", 1), ("00.10", 100),
            ("9223372036854775", 9_223_372_036_854_775_000),
        ])
    func read(text: String, value: Int64) {
        #expect(FixedPoint.read(text, fractionDigits: 3) == value)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", ".", "1.", ".1", "-1", "+1", "1e1", "1,0", " 1", "0.0001", "1.2.3", "99999999999999999999",
            "9223372036854776",
        ])
    func refused(text: String) {
        #expect(FixedPoint.read(text, fractionDigits: 3) == nil)
    }

    @Test(
        "values are written as the shortest decimal",
        arguments: [
            (0, "0"), (1, "0.001"), (1000, "1"), (1500, "1.5"), (123_456, "123.456"),
        ])
    func text(value: Int64, expected: String) {
        #expect(FixedPoint.text(value, fractionDigits: 3) == expected)
    }
}
