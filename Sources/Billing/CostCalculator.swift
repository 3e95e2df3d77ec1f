/// Units times price, exact; the only rounding anywhere is in `Rates.scaled`.
public enum CostCalculator {
    /// What a usage costs; saturates at `Money.lineMaximum`, and negative counts count as zero.
    public static func cost(_ usage: TokenUsage, rates: Rates) -> Money {
        var sum = Money.zero
        for meter in Meter.allCases {
            let units = usage[meter]
            if units > 0 { sum += product(units, rates[meter]) }
        }
        return sum.line
    }

    /// The most a call with these token counts can cost; saturates at `Money.lineMaximum`.
    public static func bound(inputTokens: Int64, outputTokens: Int64, rates: Rates) -> Money {
        (product(inputTokens, rates.dearestInput) + product(outputTokens, rates.dearestOutput)).line
    }

    /// How many output tokens `money` surely pays beside the input; 0 when it does not cover the input, Int64.max when
    /// output is free.
    public static func outputTokens(affordedBy money: Money, inputTokens: Int64, rates: Rates) -> Int64 {
        let left = money - product(inputTokens, rates.dearestInput)
        if left < .zero { return 0 }
        let dearest = Int128(rates.dearestOutput)
        return dearest == 0 ? Int64.max : Int64(clamping: left.pico / dearest)
    }

    /// A product of two 64-bit numbers always fits 128 bits.
    private static func product(_ units: Int64, _ rate: Int64) -> Money {
        Money(pico: Int128(max(units, 0)) * Int128(rate))
    }
}
