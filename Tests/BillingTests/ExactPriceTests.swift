import Testing

@testable import Billing

struct ExactPriceTests {
    @Test(arguments: [
        ("0.15", 0, 150_000_000_000), ("1.5e-07", 0, 150_000), ("1.5E-7", 0, 150_000), ("2e+1", 0, 20_000_000_000_000),
        ("0.00000015", 0, 150_000), ("0.15", -6, 150_000), ("30", -3, 30_000_000_000), ("0", 0, 0), ("0e5", 0, 0),
        ("0.0", 0, 0), ("1.3e-10", 0, 130), ("1.15e-9", 0, 1150), ("9.71e-3", 0, 9_710_000_000), ("1e-12", 0, 1),
        ("123.45", -2, 1_234_500_000_000),
    ])
    func digitsAreKept(text: String, shift: Int, pico: Int64) throws {
        let price = try ExactPrice(text, shift: shift, field: "f")
        #expect(price.pico == pico && !price.isRounded)
    }

    /// Noise of floating point numbers is rounded away, half to even.
    @Test(arguments: [
        ("1.0000000000000001e-07", 100_000), ("9.999999999999999e-08", 100_000), ("0.0000001234565", 123_456),
        ("0.0000001234575", 123_458), ("0.00000012345650001", 123_457),
    ])
    func noiseIsRounded(text: String, pico: Int64) throws {
        let price = try ExactPrice(text, field: "f")
        #expect(price.pico == pico && price.isRounded)
    }

    @Test(arguments: ["1.5e-13", "1.00015e-9", "1e-400", "1.5e-12"])
    func whatRoundingWouldChangeIsRefused(text: String) {
        #expect(throws: RatesError.tooManyFractionDigits(field: "f", atMost: 12)) { try ExactPrice(text, field: "f") }
    }

    @Test(arguments: [
        "", "-1", "+1", ".5", "5.", "1e", "e5", "1e5e5", "1,5", " 1", "0x10", "NaN", "1e99999", "1e+-5", "1e++5",
        "12345678901234567890123456789012345",
    ])
    func everythingElseIsMalformed(text: String) {
        #expect(throws: RatesError.malformed(field: "f")) { try ExactPrice(text, field: "f") }
    }

    @Test(arguments: ["1e8", "9300000", "1e40", "1e999"])
    func whatNoLineHoldsIsOutOfRange(text: String) {
        #expect(throws: RatesError.outOfRange(field: "f")) { try ExactPrice(text, field: "f") }
    }
}
