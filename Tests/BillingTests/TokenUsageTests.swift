import Testing

@testable import Billing

struct TokenUsageTests {
    @Test func `sums add meter by meter`() {
        var usage = TokenUsage(input: 1, output: 2, search: 3)
        usage.add(TokenUsage(input: 10, inputImage: 5, search: 30))
        #expect(usage == TokenUsage(input: 11, inputImage: 5, output: 2, search: 33))
    }

    @Test(arguments: Meter.allCases)
    func `a sum that does not fit is the largest number, or the least`(meter: Meter) {
        for (start, more) in [(Int64.max, Int64(1)), (.max, .max), (.min, -1), (.min, .min)] {
            var (usage, addition) = (TokenUsage(input: 1, output: 1), TokenUsage(input: 2, output: 2))
            usage[meter] = start
            addition[meter] = more
            usage.add(addition)
            #expect(usage[meter] == (more > 0 ? .max : .min))
            for other in [Meter.input, .output] where other != meter { #expect(usage[other] == 3) }
        }
    }

    @Test func `numbers of different signs always fit`() {
        var usage = TokenUsage(input: .max, output: -5)
        usage.add(TokenUsage(input: .min, output: 7))
        #expect(usage == TokenUsage(input: -1, output: 2))
    }
}
