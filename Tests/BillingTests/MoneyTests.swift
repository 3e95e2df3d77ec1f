import Foundation
import Testing

@testable import Billing

struct MoneyTests {
    @Test(arguments: [
        ("0", 0), ("0.00", 0), ("10.00", 10_000_000_000_000), ("0.000000000001", 1), ("1.5", 1_500_000_000_000),
        ("007", 7_000_000_000_000),
    ])
    func decimalStringsAreReadExactly(text: String, pico: Int) throws {
        #expect(try Money(decimal: text).pico == Int128(pico))
    }

    @Test(arguments: ["", " 1", "1 ", "+1", "-1", "1e3", "1.", ".5", "1.2.3", "1,5", "0x1", "١", "1_000", "NaN"])
    func anythingElseIsMalformed(text: String) {
        #expect(throws: MoneyError.malformed) { try Money(decimal: text) }
    }

    @Test func tooManyDigitsAreRefused() {
        #expect(throws: MoneyError.tooManyFractionDigits) { try Money(decimal: "0.0000000000001") }
        #expect(throws: MoneyError.outOfRange) { try Money(decimal: "1000000000000.000000000001") }
        #expect(throws: MoneyError.outOfRange) { try Money(decimal: String(repeating: "9", count: 400)) }
    }

    @Test func theLargestLimitIsAccepted() throws {
        #expect(try Money(decimal: "1000000000000") == .limitMaximum)
    }

    @Test(arguments: [
        ("0", 0), ("0.000015", 15_000_000), ("10", 10_000_000_000_000), ("-0.5", -500_000_000_000),
        ("0.000000000001", 1), ("1000000.1", 1_000_000_100_000_000_000), ("9223372.036854775807", Int.max),
    ])
    func outputIsPlainAndTrimmed(text: String, pico: Int) {
        #expect(Money(pico: Int128(pico)).decimal == text)
    }

    @Test func aStoredAmountIsReadBackOrRefused() throws {
        let amounts = [Money.zero, Money(pico: -1), .limitMaximum, Money(pico: 1_000_001)]
        #expect(try JSONDecoder().decode([Money].self, from: JSONEncoder().encode(amounts)) == amounts)
        for text in [#"["ten"]"#, "[1]", "[null]", #"["--1"]"#, #"[""]"#] {
            #expect(throws: (any Error).self) { try JSONDecoder().decode([Money].self, from: Data(text.utf8)) }
        }
    }

    @Test func theEndsOfTheRangeHaveText() {
        #expect(Money(pico: .min).decimal.hasPrefix("-170141183460469231731687303"))
        #expect(Money(pico: .max).decimal == "170141183460469231731687303.715884105727")
        #expect(Money(pico: 1_000_000_000_000 * Int128(UInt64.max)).decimal == "18446744073709551615")
        #expect(Money(pico: 1_000_000_000_000 * (Int128(UInt64.max) + 1)).decimal == "18446744073709551616")
    }

    @Test func sumsSaturate() {
        #expect(Money(pico: .max) + Money(pico: 1) == Money(pico: .max))
        #expect(Money(pico: .min) + Money(pico: -1) == Money(pico: .min))
        #expect(Money(pico: .min) - Money(pico: 1) == Money(pico: .min))
        #expect(Money(pico: .max) - Money(pico: -1) == Money(pico: .max))
    }

    @Test(arguments: [0, 1, 999_999, 1_000_000, 123_456_789_012_345])
    func databaseColumnsCarryTheWholeAmount(pico: Int) {
        let money = Money(pico: Int128(pico))
        #expect(Money(micro: money.micro, remainder: money.remainder) == money)
    }

    @Test func aLineHoldsSixtyFourBits() {
        #expect(Money.lineMaximum.ledgerLine == Int64.max)
        #expect((Money.lineMaximum + Money(pico: 1)).ledgerLine == nil)
        #expect((Money.lineMaximum + Money(pico: 1)).line == .lineMaximum)
        #expect(Money(pico: -1).line == .zero)
    }
}
