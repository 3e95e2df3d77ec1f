import AdminAPI
import Testing

@testable import Tollgate

/// Sizes, durations and decimals as people write them.
@Suite struct QuantityTextTests {
    @Test(arguments: [
        ("0", 0), ("17", 17), ("17B", 17), ("1KiB", 1024), ("32MiB", 33_554_432), ("2GiB", 2_147_483_648),
        ("3kB", 3000), ("1 MiB", 1_048_576),
    ])
    func `a size is a number and a unit`(text: String, bytes: Int) {
        #expect(SizeText.bytes(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "-1", "1.5MiB", "1mib", "1MiBs", "9223372036854775807KiB", "99999999999999999999"])
    func `anything else is no size`(text: String) {
        #expect(SizeText.bytes(text) == nil)
    }

    @Test(arguments: [("250ms", 250), ("10s", 10_000), ("2m", 120_000), ("24h", 86_400_000), ("1d", 86_400_000)])
    func `a duration is a number and a unit`(text: String, milliseconds: Int) {
        #expect(DurationText.milliseconds(text) == Int64(milliseconds))
    }

    @Test(arguments: ["", "10", "s", "-1s", "1.5s", "1 s", "1sec", "9223372036854775807h"])
    func `anything else is no duration`(text: String) {
        #expect(DurationText.milliseconds(text) == nil)
    }

    @Test func `quantities are shown with the largest unit that fits`() {
        #expect(SizeText.text(33_554_432) == "32MiB")
        #expect(SizeText.text(1025) == "1025B")
        #expect(DurationText.text(120_000) == "120s")
        #expect(DurationText.text(1500) == "1500ms")
        #expect(DurationText.text(0) == "0s")
    }

    @Test func `decimals have digits and one point only`() {
        #expect(PlainDecimal.read("0.10") == PlainDecimal.read("0.1"))
        #expect(PlainDecimal.read("-2") != nil)
        for text in ["", ".", "1.", ".5", "1e3", "+1", "1,5", " 1", "--1", String(repeating: "9", count: 37)] {
            #expect(PlainDecimal.read(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("0s", 0), ("1s", 1), ("24h", 86_400), ("2000ms", 2), ("900ms", nil), ("1500ms", nil), ("soon", nil),
    ])
    func `a grace is whole seconds or refused, never shorter than asked for`(text: String, seconds: Int?) {
        #expect((try? RotateKey.seconds(text)) == seconds.map { Int64($0) })
    }
}
