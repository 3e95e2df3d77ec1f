import Billing
import Testing

@testable import Proxy

/// A provider's own charge, to the last digit.
struct ProviderCostTests {
    @Test(arguments: [
        ("0", "0"), ("0.00014", "0.00014"), ("1.25e-05", "0.0000125"), ("12E-1", "1.2"), ("3", "3"), ("1e3", "1000"),
        ("0.1", "0.1"), ("0.30000000000000004", "0.3"), ("1.5e-12", "0.000000000002"), ("1.4e-12", "0.000000000001"),
        ("1e-13", "0"), ("0e99999999", "0"), ("1e-99999", "0"), ("0.000000000000000000000000000000000000001", "0"),
        ("9223372.036854775807", "9223372.036854775807"),
        ("1234567.1234567890123456789012345678901234", "1234567.123456789012"),
    ])
    func `an amount is read exactly`(_ text: String, _ amount: String) {
        #expect(parse(text)?.decimal == amount)
    }

    @Test(arguments: ["-1", "-0.1", "1e9", "9223372.036854775808", "1e99999", "1e999999", "\"1\"", "true", "null"])
    func `what is no amount of a ledger line is none`(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test
    func `ticks are ten thousand million to the dollar`() {
        #expect(parse("37756000", shift: -10)?.decimal == "0.0037756")
        #expect(parse("1", shift: -10)?.decimal == "0.0000000001")
    }

    private func parse(_ text: String, shift: Int = 0) -> Money? {
        Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            guard let value = try? scanner.skipValue() else { return nil }
            return ProviderCost.parse(value, in: bytes, shift: shift)
        }
    }
}
