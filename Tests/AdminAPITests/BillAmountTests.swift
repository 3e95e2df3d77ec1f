import Billing
import Testing

@testable import AdminAPI

@Suite struct BillAmountTests {
    @Test(
        "amounts are read from their digits, whatever their exponent",
        arguments: [
            ("0E-6176", 0, "0"), ("0.000", 0, "0"), ("-0", 0, "0"), ("1.5e-3", 0, "0.0015"), ("12E+2", 0, "1200"),
            ("123.45", -2, "1.2345"), ("0.0123456789012345678901234567890123456789", 0, "0.012345678901"),
            ("1.2345678901235", 0, "1.234567890124"), ("1.2345678901225", 0, "1.234567890122"),
            ("1.23456789012250000000000000000000001", 0, "1.234567890123"), ("0.0000000000005", 0, "0"),
            ("0.00000000000051", 0, "0.000000000001"), ("9e-400", 0, "0"), ("5e-99999999999999999999", 0, "0"),
            ("-2.5", 0, "-2.5"), ("999999999999.999999999999", 0, "999999999999.999999999999"),
        ])
    func amounts(text: String, shift: Int, expected: String) {
        #expect(BillAmount.read(text, shift: shift)?.decimal == expected)
    }

    @Test(
        "what is no amount, or more than a trillion, is none",
        arguments: ["", "-", ".", "1.", "1e", "e5", "1e1e1", "1,5", "0x1", "--1", "+-1", "1e30", "٣", "1.2.3"])
    func none(text: String) {
        #expect(BillAmount.read(text, shift: 0) == nil)
        #expect(BillAmount.read("0" + String(repeating: "1", count: 500), shift: 0) == nil)
    }
}
