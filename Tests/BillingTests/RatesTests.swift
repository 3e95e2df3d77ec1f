import Testing

@testable import Billing

struct RatesTests {
    @Test func perMillionBecomesPicodollarsPerTokenExactly() throws {
        let rates = try Rates(perMillion: ["input": "0.15", "output": "0.60", "input_cache_read": "0.000001"])
        #expect(rates == Rates(input: 150_000, output: 600_000, others: [.inputCacheRead: 1]))
        #expect(rates.perMillion == ["input": "0.15", "output": "0.6", "input_cache_read": "0.000001"])
    }

    @Test func whatIsWrongIsNamed() {
        let cases: [([String: String], RatesError)] = [
            (["output": "1"], .missing(field: "per_million.input")),
            (["input": "1"], .missing(field: "per_million.output")),
            (["input": "1", "output": "0.0000001"], .tooManyFractionDigits(field: "per_million.output", atMost: 6)),
            (["input": "-1", "output": "1"], .malformed(field: "per_million.input")),
            (["input": "1", "output": "99999999999999"], .outOfRange(field: "per_million.output")),
            (["input": "1", "output": "1", "images": "1"], .unknown(field: "per_million.images")),
        ]
        for (texts, error) in cases {
            #expect(throws: error) { try Rates(perMillion: texts) }
        }
    }

    @Test func aMeterWithoutAPriceHasItsParents() {
        let rates = Rates(input: 10, output: 20, others: [.inputCacheWrite1h: 15])
        #expect(Meter.allTokens.map { rates[$0] } == [10, 10, 10, 15, 10, 10, 20, 20, 20])
        #expect(rates.dearestInput == 15)
        #expect(rates.dearestOutput == 20)
    }

    @Test(arguments: [
        (1, 500_000, 0), (3, 500_000, 2), (5, 500_000, 2), (7, 500_000, 4), (100, 1_234_567, 123), (10, 0, 0),
        (10, -5, 0), (1_000_000, 1, 1), (Int64.max, Int64.max, Int64.max),
    ])
    func multipliersRoundHalfToEvenOnce(rate: Int64, ppm: Int64, expected: Int64) {
        #expect(Rates(input: rate, output: 0).scaled(ppm: ppm)[.input] == expected)
    }
}
